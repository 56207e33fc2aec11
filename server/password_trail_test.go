package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Failed password grants are in the trail of the person's account, once a minute for each reason, and say which it was (R24).
func TestFailedPasswordGrantsAreRecorded(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.withPassword("pia", "mill")
		w.withPassword("sam", "")
		for i, name := range []string{"pia", "pia@acme.example", "sam", "nobody", "nobody@acme.example"} {
			w.clock.set(start.Add(time.Duration(i) * time.Second))
			w.postForm(login("mill", name, "not the password")).wantError(400, "invalid_grant")
		}
		w.patch(w.ada, acmeUsers+"/pia", `{"disabled":true}`).want(200)
		w.clock.advance(time.Second)
		w.postForm(login("mill", "pia", password)).wantError(400, "invalid_grant")
		w.run()()
		events, err := w.store.Events(t.Context(), "acme", store.EventsQuery{Limit: 100})
		w.must(err)
		var got []string
		for _, e := range events {
			if e.Action == policy.ActionTokenRefused {
				got = append(got, fmt.Sprint(e.TenantID, " ", e.UserID, e.ClientID, " ", e.Actor.Via, " ", e.Actor.Address, " ", e.Details))
			}
		}
		slices.Sort(got)
		want := []string{
			"mill pia api 192.0.2.1 map[count:1 method:password reason:user_disabled]",
			"mill pia api 192.0.2.1 map[count:2 method:password reason:wrong_password]",
			"mill sam api 192.0.2.1 map[count:1 method:password reason:not_a_member]",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the trail has\n%s", strings.Join(got, "\n"))
		}
	})
}
