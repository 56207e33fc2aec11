package server_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/store"
)

// follow reads the trail of acme as it was written, from a cursor to the end.
func (w *world) follow(query, after string, limit int) (events []policy.Event, next string) {
	w.Helper()
	for {
		page := decoded[api.List[policy.Event]](w, w.get(w.ada, acmeAudit+"?order=asc&limit="+strconv.Itoa(limit)+query+
			"&after="+url.QueryEscape(after)).want(200))
		events = append(events, page.Items...)
		if page.Next == "" {
			w.Fatal("there is no next")
		}
		if page.Next == after {
			return events, after
		}
		after = page.Next
	}
}

// An event has the time at which its request began, and is written later. Who reads by time passes it by; who follows does not.
func TestFollowerGetsEventsThatAreWrittenLate(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.post(w.ada, "/admin/v1/tenants/forge/keys", `{"user_id":"mia","scopes":["api"]}`).want(201)
		all, next := w.follow("", "", 3)
		if len(all) == 0 {
			t.Fatal("there are no events")
		}
		late := policy.Event{
			ID: policy.NewEventID(start.Add(-time.Hour), [10]byte{1}), At: start.Add(-time.Hour), Action: policy.ActionTokenRefused,
			Actor: policy.Actor{Via: "api"}, AccountID: "acme", TenantID: "mill",
		}
		w.must(w.store.RecordEvents(t.Context(), late)) // by a server that is slow, or whose clock is behind
		got, next := w.follow("", next, 3)
		if len(got) != 1 || got[0].ID != late.ID {
			t.Errorf("after the late event the follower gets %v, want it alone", got)
		}
		if got, again := w.follow("", next, 3); len(got) != 0 || again != next {
			t.Errorf("later it gets %v and goes on at %q, want nothing and %q", got, again, next)
		}
		all = append(all, late)
		for _, row := range []struct {
			query string
			keep  func(policy.Event) bool
		}{
			{"&action=token.refused", func(e policy.Event) bool { return e.Action == policy.ActionTokenRefused }},
			{"&tenant_id=forge", func(e policy.Event) bool { return e.TenantID == "forge" }},
			{"&since=" + start.Format(time.RFC3339), func(e policy.Event) bool { return !e.At.Before(start) }},
			{"&until=" + start.Format(time.RFC3339), func(e policy.Event) bool { return e.At.Before(start) }},
		} {
			want := slices.DeleteFunc(slices.Clone(all), func(e policy.Event) bool { return !row.keep(e) })
			if got, _ := w.follow(row.query, "", 1); !slices.EqualFunc(got, want, func(a, b policy.Event) bool { return a.ID == b.ID }) {
				t.Errorf("%s: got %d, want %d in the same order", row.query, len(got), len(want))
			}
		}
		w.get(w.ada, acmeAudit+"?order=up").want(400)
	})
}

// After a restore the places of events are others: a follower is told, rather than passed by.
func TestFollowerIsToldOfAnotherHistory(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.must(store.BeginHistory(t.Context(), w.store, time.Minute, start))
		_, next := w.follow("", "", 100)
		for _, cursor := range []string{"nonsense", next + "x", "." + next} {
			w.get(w.ada, acmeAudit+"?order=asc&after="+cursor).want(410)
		}
		w.must(store.RenewEpoch(t.Context(), w.store))
		w.get(w.ada, acmeAudit+"?order=asc&after="+next).want(410)
	})
}

// Who was away for longer than events are kept has missed some for good, and is told so.
func TestForgottenPositionIsRefused(t *testing.T) {
	onEachStore(t, func(w *world) {
		create := func(name string) {
			w.post(w.ada, "/admin/v1/accounts/acme/users", `{"name":"`+name+`","email":"`+name+`@example.com"}`).want(201)
		}
		create("bob")
		create("cem")
		first := decoded[api.List[policy.Event]](w, w.get(w.ada, acmeAudit+"?order=asc&limit=1").want(200))
		events, end := w.follow("", "", 100)
		w.must(w.store.ForgetEvents(t.Context(), "acme", events...))
		body := decoded[api.Problem](w, w.get(w.ada, acmeAudit+"?order=asc&after="+first.Next).want(410))
		if body.Code != "position_lost" || !body.Forgotten {
			t.Errorf("the refusal is %+v, want position_lost, forgotten", body)
		}
		create("dan")
		for _, after := range []string{"", end} {
			if got, _ := w.follow("", after, 1); len(got) != 1 {
				t.Errorf("after %q there are %d events, want the last", after, len(got))
			}
		}
	})
}

func decoded[T any](w *world, a answer) (value T) {
	w.Helper()
	w.must(json.Unmarshal([]byte(a.body), &value))
	return value
}
