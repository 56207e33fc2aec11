package server_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/server"
)

const forgeKeys = "/admin/v1/tenants/forge/keys"

// created is the person with the key that an answer has just shown.
func (a answer) created(owner person) person {
	a.t.Helper()
	owner.clientID, owner.secret = a.field("client_id"), a.field("client_secret")
	return owner
}

func TestKeys(t *testing.T) {
	onEachStore(t, func(w *world) {
		a := w.post(w.tom, forgeKeys, `{"email":"MIA@acme.example","label":"nightly <load> test","scopes":["reports","api","reports"]}`).want(201)
		a.golden("key_created")
		made := a.created(w.mia)
		secret := policy.ClientSecretFromRequest(made.secret)
		if !secret.WellFormed() || a.location() != forgeKeys+"/"+made.clientID {
			w.Errorf("Location %s, well-formed: %v", a.location(), secret.WellFormed())
		}
		w.get(w.tom, a.location()).want(200).golden("key")
		w.get(w.tom, forgeKeys+"?user_id=mia&q=nightly").want(200).golden("keys")
		if got := w.exchange(made).want(200); !strings.Contains(got.body, `"scope":"reports api"`) {
			w.Error(got.body)
		}
		w.delete(w.tom, a.location()).want(204)
		w.exchange(made).wantError(401, "invalid_client")
		w.get(w.tom, a.location()).wantCode(404, "not_found")
		w.delete(w.tom, a.location()).wantCode(404, "not_found")

		if body := w.post(w.tom, forgeKeys, `{"user_id":"tom"}`).want(201).body; !strings.Contains(body, `"scopes":["api","reports"]`) {
			w.Errorf("without scopes a key gets the catalogue's: %s", body)
		}
	})
}

func TestThirdKeyIsRefused(t *testing.T) {
	onEachStore(t, func(w *world) {
		second := w.post(w.tom, forgeKeys, newKey("mia", "api")).want(201).created(w.mia)
		refused := w.post(w.tom, forgeKeys, newKey("mia", "api")).wantCode(409, "key_limit_reached")
		refused.golden("key_limit_reached")
		var body struct {
			ClientIDs []string `json:"client_ids"`
		}
		refused.into(&body)
		want := []string{w.mia.clientID, second.clientID}
		if !slices.Equal(slices.Sorted(slices.Values(body.ClientIDs)), slices.Sorted(slices.Values(want))) {
			w.Errorf("the refusal names %q, want %q", body.ClientIDs, want)
		}
		// Elsewhere she may have two more.
		w.put(w.ada, "/admin/v1/tenants/mill/members/mia", `{"role":"member"}`).want(201)
		w.post(w.ada, "/admin/v1/tenants/mill/keys", newKey("mia", "api")).want(201)
		// A revoked key makes room, and so does an expired one.
		w.delete(w.tom, forgeKeys+"/"+second.clientID).want(204)
		w.clock.advance(45 * policy.Day)
		w.post(w.tom, forgeKeys, newKey("mia", "api")).want(201)
		boss := w.post(w.ada, forgeKeys, newKey("ada", "keys:read", "keys:write")).want(201).created(w.ada)
		w.post(w.tom, forgeKeys, newKey("mia", "api")).wantCode(409, "key_limit_reached")
		w.clock.advance(45 * policy.Day)
		w.post(boss, forgeKeys, newKey("mia", "api")).want(201)
		w.post(boss, forgeKeys, newKey("mia", "api")).wantCode(409, "key_limit_reached")
	})
}

func TestBadKeys(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		body   string
		status int
		code   string
	}{
		{`{}`, 400, "invalid_request"},
		{`{"user_id":"mia","email":"mia@acme.example"}`, 400, "invalid_request"},
		{`{"user_id":""}`, 400, "invalid_request"},
		{`{"user_id":"mia","scopes":[]}`, 422, "invalid_scope"},
		{`{"user_id":"mia","scopes":["nothing"]}`, 422, "invalid_scope"},
		{`{"user_id":"mia","scopes":["api reports"]}`, 422, "invalid_scope"},
		{`{"user_id":"mia","scopes":[""]}`, 422, "invalid_scope"},
		{`{"user_id":"mia","scopes":["API"]}`, 422, "invalid_scope"},
		{`{"user_id":"mia","scopes":"api"}`, 400, "invalid_request"},
		{`{"user_id":"mia","label":"a\nb"}`, 422, "invalid_label"},
		{`{"user_id":"mia","label":"` + strings.Repeat("x", 201) + `"}`, 422, "invalid_label"},
		{`{"user_id":"mia","client_id":"mine"}`, 400, "invalid_request"},
		{`{"user_id":"mia","client_secret":"mine"}`, 400, "invalid_request"},
	} {
		w.post(w.tom, forgeKeys, c.body).wantCode(c.status, c.code)
	}
	if ids, _ := w.get(w.tom, forgeKeys+"?user_id=mia").values("client_id"); len(ids) != 1 {
		t.Errorf("keys were made: %q", ids)
	}
}

func TestFormOfClientIDs(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.ClientIDPrefix, o.ClientIDSuffix = "oauth2-", "@microfocus.com" })
	made := w.post(w.tom, forgeKeys, newKey("mia", "api")).want(201).created(w.mia)
	if id := made.clientID; len(id) < 42 || !strings.HasPrefix(id, "oauth2-") || !strings.HasSuffix(id, "@microfocus.com") {
		t.Errorf("the Jenkins plugin does not take %q for a client ID", id)
	}
	w.exchange(made).want(200)
	w.postForm(grantType(), basic(url.QueryEscape(made.clientID), made.secret)).want(200)
	w.get(w.tom, forgeKeys+"/"+made.clientID).want(200)
	w.delete(w.tom, forgeKeys+"/"+url.PathEscape(made.clientID)).want(204)
}

func TestListsOfKeys(t *testing.T) {
	onEachStore(t, func(w *world) {
		var want []string
		w.must(w.store.UpdateMembership(w.Context(), "forge", "olga", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, _ = m.WithoutKeys()
			return m, nil, nil
		}))
		second := w.giveKey(w.mia, "api")
		third := w.giveKey(w.tom, "api")
		mias := slices.Sorted(slices.Values([]string{w.mia.clientID, second.clientID}))
		toms := slices.Sorted(slices.Values([]string{w.tom.clientID, third.clientID}))
		want = slices.Concat([]string{w.ada.clientID}, mias, toms)
		for limit := 1; limit <= 6; limit++ {
			if got := w.pages(w.tom, forgeKeys, "client_id", limit); !slices.Equal(got, want) {
				w.Errorf("in pages of %d: %q, want %q", limit, got, want)
			}
			if got := w.pages(w.tom, forgeKeys+"?user_id=mia", "client_id", limit); !slices.Equal(got, mias) {
				w.Errorf("mia's in pages of %d: %q, want %q", limit, got, mias)
			}
			if got := w.pages(w.mia, ownKeys, "client_id", limit); !slices.Equal(got, mias) {
				w.Errorf("my own in pages of %d: %q, want %q", limit, got, mias)
			}
		}
		// The owner of the last key on a page leaves before the next page is read.
		_, next := w.get(w.tom, forgeKeys+"?limit=2").values("client_id")
		w.delete(w.ada, "/admin/v1/tenants/forge/members/mia").want(204)
		if rest, _ := w.get(w.tom, forgeKeys+"?limit=9&after="+url.QueryEscape(next)).values("client_id"); !slices.Equal(rest, toms) {
			w.Errorf("after the page whose owner left: %q, want %q", rest, toms)
		}
	})
}

func TestFiltersOfKeys(t *testing.T) {
	w := newWorld(t)
	labelled := w.post(w.tom, forgeKeys, map[string]any{"user_id": "mia", "label": "Nightly Ünit"}).want(201).field("client_id")
	w.clock.advance(80 * policy.Day)
	fresh := w.post(w.ada, forgeKeys, newKey("ada", "keys:read")).want(201).created(w.ada)
	w.clock.advance(10 * policy.Day)
	all := []string{w.ada.clientID, fresh.clientID, w.mia.clientID, labelled, w.olga.clientID, w.tom.clientID}
	for query, want := range map[string][]string{
		"":                            all,
		"status=active":               {fresh.clientID},
		"status=expired":              {w.ada.clientID, w.mia.clientID, labelled, w.olga.clientID, w.tom.clientID},
		"status=expired&user_id=mia":  {w.mia.clientID, labelled},
		"user_id=nobody":              {},
		"user_id=gil":                 {},
		"q=nightly":                   {labelled},
		"q=%C3%BCNIT":                 {labelled},
		"q=ADA@":                      {w.ada.clientID, fresh.clientID},
		"q=acme.example":              all,
		"q=" + labelled[5:20]:         {labelled},
		"q=mia&status=active":         {},
		"q=" + url.QueryEscape("%_*"): {},
	} {
		got, _ := w.get(fresh, forgeKeys+"?"+query).values("client_id")
		slices.Sort(got)
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{"status=dead", "status=ACTIVE", "user=mia", "status=active&status=expired"} {
		w.get(fresh, forgeKeys+"?"+query).wantCode(400, "invalid_request")
	}
}

// An expired key stays listed for 30 days and is then gone (R14); nothing but revoking can be done to it.
func TestExpiredKeysAreListedForAMonth(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.mia = w.giveKey(w.mia, "api")
		w.clock.advance(89 * policy.Day)
		ada := w.giveKey(w.ada, everyScope()...)
		w.clock.set(start.Add(90*policy.Day - time.Nanosecond))
		status := func() string { return w.get(ada, forgeKeys+"/"+w.mia.clientID).want(200).field("status") }
		if got := status(); got != "active" {
			w.Errorf("just before its expiry a key is %s", got)
		}
		w.clock.advance(time.Nanosecond)
		if got := status(); got != "expired" {
			w.Errorf("at its expiry a key is %s", got)
		}
		w.post(ada, forgeKeys+"/"+w.mia.clientID+"/refresh", nil).wantCode(409, "key_expired")
		w.clock.advance(30*policy.Day - time.Nanosecond)
		status()
		w.clock.advance(time.Nanosecond)
		for _, path := range []string{"", "/expiry"} {
			w.get(ada, forgeKeys+"/"+w.mia.clientID+path).wantCode(404, "not_found")
		}
		w.delete(ada, forgeKeys+"/"+w.mia.clientID).wantCode(404, "not_found")
		w.post(ada, forgeKeys+"/"+w.mia.clientID+"/refresh", nil).wantCode(404, "not_found")
		if ids, _ := w.get(ada, forgeKeys+"?status=expired").values("client_id"); len(ids) != 0 {
			w.Errorf("still listed: %q", ids)
		}
	})
}

func TestMarks(t *testing.T) {
	w := newWorld(t)
	w.put(w.ada, "/admin/v1/accounts/acme/expiration-policy", `{"enabled":false,"acknowledge_risk":true}`).want(200)
	for _, c := range []struct {
		days  int
		marks []string
	}{
		{0, []string{}},
		{89, []string{}},
		{90, []string{"unused"}},
		{91, []string{"unused", "old"}},
		{361, []string{"unused", "old", "stale"}},
	} {
		w.clock.set(start.Add(time.Duration(c.days) * policy.Day))
		var key struct {
			Marks []string `json:"marks"`
		}
		w.get(w.ada, forgeKeys+"/"+w.mia.clientID).want(200).into(&key)
		if diff := cmp.Diff(c.marks, key.Marks); diff != "" {
			t.Errorf("after %d days (-want +got):\n%s", c.days, diff)
		}
	}
	w.exchange(w.mia).want(200)
	if body := w.get(w.ada, forgeKeys+"/"+w.mia.clientID).want(200).body; !strings.Contains(body, `"marks":["old","stale"]`) {
		t.Error(body)
	}
}

// Many creates race for two places.
func TestRacingCreates(t *testing.T) {
	onEachStore(t, func(w *world) {
		token := bearer(w.tokenOf(w.tom, ""))
		w.delete(token, forgeKeys+"/"+w.mia.clientID).want(204)
		answers := make(chan answer)
		for range 12 {
			go func() { answers <- w.post(token, forgeKeys, newKey("mia", "api")) }()
		}
		count := map[string]int{}
		for range 12 {
			a := <-answers
			count[fmt.Sprint(a.status, a.peek("code"))]++
		}
		if diff := cmp.Diff(map[string]int{"201": 2, "409key_limit_reached": 10}, count); diff != "" {
			w.Errorf("(-want +got):\n%s", diff)
		}
	})
}
