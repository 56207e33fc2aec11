package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/server/api"
	"mintkey/store"
)

const secretEnds = "Mintkey-Secret-Ends"

// key is the person's key as an admin sees it.
func (w *world) key(p person) (key api.Key) {
	w.Helper()
	w.get(w.ada, keyPath(p)).want(200).into(&key)
	return key
}

// An overlap is seen by everybody who sees the key, and ended by its owner or an admin: the old secret stops at once, its tokens only if
// that is asked for (R6).
func TestOverlapIsEnded(t *testing.T) {
	onEachStore(t, func(w *world) {
		for name, path := range map[string]func(p person) (caller, string){
			"by an admin":  func(p person) (caller, string) { return w.tom, keyPath(p, "overlap") },
			"by the owner": func(p person) (caller, string) { return p, ownKeys + "/" + p.clientID + "/overlap" },
		} {
			for _, query := range []string{"", "?revoke_tokens=false", "?revoke_tokens=true"} {
				first := w.makeKey(w.ada, w.newMember(), "api", "self")
				replaced := w.tokenOf(first, "api")
				old := w.refreshKey(first, nil)
				fresh := w.refreshKey(old, map[string]any{"overlap_seconds": 3600})
				tokens := map[string]string{"old": w.tokenOf(old, "api"), "new": w.tokenOf(fresh, "api")}
				if n := len(w.key(fresh).Secrets); n != 2 {
					t.Fatalf("%d secrets", n)
				}
				as, overlap := path(fresh)
				w.delete(as, overlap+"?revoke_tokens=").wantCode(400, "invalid_request")
				w.exchange(old).want(200)
				w.delete(as, overlap+query).want(204)
				w.exchange(old).wantError(401, "invalid_client")
				w.exchange(fresh).want(200)
				w.wantAlive(name, tokens["new"])
				w.wantAlive(name, replaced)
				if query == "?revoke_tokens=true" {
					w.wantDead(name, tokens["old"])
				} else {
					w.wantAlive(name, tokens["old"])
				}
				if n := len(w.key(fresh).Secrets); n != 1 {
					t.Errorf("%d secrets after the end", n)
				}
				w.delete(as, overlap+query).wantCode(404, "not_found")
				w.delete(w.ada, keyPath(fresh)).want(204)
				w.wantDead(name, tokens["old"])
				w.wantDead(name, replaced)
				w.delete(w.ada, keyPath(fresh, "overlap")).wantCode(404, "not_found")
			}
		}
		other := w.giveKey(w.tom, "api")
		w.refreshKey(other, map[string]any{"overlap_seconds": 3600})
		w.delete(w.mia, ownKeys+"/"+other.clientID+"/overlap").wantCode(404, "not_found")
		w.delete(w.mia, keyPath(other, "overlap")).wantCode(403, "insufficient_scope")
	})
}

// A program that still uses the old secret is told until when that works (R6).
func TestProgramsAreToldThatTheirSecretEnds(t *testing.T) {
	onEachStore(t, func(w *world) {
		old := w.giveKey(w.mia, "api")
		if a := w.exchange(old).want(200); len(a.header.Values(secretEnds)) > 0 {
			t.Error("told before the refresh")
		}
		fresh := w.refreshKey(old, map[string]any{"overlap_seconds": 3600})
		ends := w.clock.now().Add(time.Hour).Format(time.RFC3339)
		w.exchange(old).want(200).wantHeader(secretEnds, ends)
		compat := func(p person) answer {
			body := map[string]string{"client_id": p.clientID, "client_secret": p.secret}
			return w.do(w.request(http.MethodPost, "/v1/auth-client?TENANTID=forge", body)).want(200)
		}
		compat(old).wantHeader(secretEnds, ends)
		for _, a := range []answer{w.exchange(fresh), compat(fresh)} {
			if a.want(200); len(a.header.Values(secretEnds)) > 0 {
				t.Error("told though it uses the new secret")
			}
		}
		w.clock.advance(time.Hour)
		if n := len(w.key(fresh).Secrets); n != 1 {
			t.Errorf("%d secrets after the end", n)
		}
		w.delete(w.ada, keyPath(fresh, "overlap")).wantCode(404, "not_found")
	})
}

// A key says when each of its secrets was last used, and from which address it was, on whichever server and after a restart (R7).
func TestLastAccessOfEachSecret(t *testing.T) {
	onEachStore(t, func(w *world) {
		old := w.giveKey(w.mia, "api")
		issued := w.clock.now()
		at := func(p person, address string) time.Time {
			w.clock.advance(time.Minute)
			w.postForm(inBody(p), from(address)).want(200)
			return w.clock.now()
		}
		first := at(old, "192.0.2.10")
		w.run()() // saves it
		w.clock.advance(time.Minute)
		fresh, refreshed := w.refreshKey(old, map[string]any{"overlap_seconds": 3600}), w.clock.now()
		ends := refreshed.Add(time.Hour)
		want := func(address string, last time.Time, freshUsed *time.Time, oldUsed time.Time) {
			t.Helper()
			key := w.key(fresh)
			if key.LastAccessAddress == nil || *key.LastAccessAddress != address || key.LastAccessAt == nil || !key.LastAccessAt.Equal(last) {
				t.Errorf("last access %v from %v, want %v from %s", key.LastAccessAt, key.LastAccessAddress, last, address)
			}
			secrets := []api.Secret{
				{IssuedAt: refreshed, LastAccessAt: freshUsed},
				{IssuedAt: issued, EndsAt: &ends, LastAccessAt: &oldUsed},
			}
			if diff := cmp.Diff(secrets, key.Secrets); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
		}
		want("192.0.2.10", first, nil, first)
		second := at(fresh, "192.0.2.11")
		want("192.0.2.11", second, &second, first)
		third := at(old, "192.0.2.12")
		want("192.0.2.12", third, &second, third)
		w.run()()
		w.serve() // another server, which remembers nothing
		want("192.0.2.12", third, &second, third)
		fourth := at(fresh, "192.0.2.13")
		want("192.0.2.13", fourth, &fourth, third)
		w.delete(w.ada, keyPath(fresh)).want(204)
		uses, err := w.store.Accesses(t.Context(), fresh.tenant, []string{fresh.clientID})
		if w.must(err); len(uses) > 0 {
			t.Errorf("left of a revoked key: %v", uses)
		}
	})
}

// A key that introspects or revokes is used, whether it authenticates by its secret or by its token. One that is refused is not (R7).
func TestIntrospectionAndRevocationAreUses(t *testing.T) {
	onEachStore(t, func(w *world) {
		gateway := w.makeKey(w.giveKey(w.ada, everyScope()...), w.tom, "api", "tokens:introspect")
		token := w.tokenOf(gateway, "tokens:introspect")
		member := w.giveKey(w.mia, "api")
		other := w.tokenOf(member, "api")
		for _, c := range []struct {
			name string
			ask  func() answer
			key  person
			used bool
		}{
			{"introspection by the secret", func() answer { return w.introspect(gateway, other).want(200) }, gateway, true},
			{"introspection by a token", func() answer { return w.introspectAs(bearer(token), other).want(200) }, gateway, true},
			{"introspection of nothing", func() answer { return w.introspect(gateway, "x").want(200) }, gateway, true},
			{"introspection without the scope", func() answer { return w.introspect(member, other).want(403) }, member, false},
			{"forward-auth with its token", func() answer {
				return w.get(bearer(other), "/oauth2/forward-auth?audience=https%3A%2F%2Fapi.example").want(204)
			}, member, false},
			{"a call with its token", func() answer { return w.get(bearer(token), "/admin/v1/accounts").want(403) }, gateway, false},
			{"revocation", func() answer {
				return w.sendForm(member, "/oauth2/revoke", form{"token": {other}}).want(200)
			}, member, true},
			{"revocation with a wrong secret", func() answer {
				wrong := member
				wrong.secret = gateway.secret
				return w.sendForm(wrong, "/oauth2/revoke", form{"token": {other}}).want(401)
			}, member, false},
		} {
			before := w.key(c.key).LastAccessAt
			w.clock.advance(time.Minute)
			c.ask()
			key := w.key(c.key)
			if used := key.LastAccessAt.Equal(w.clock.now()); used != c.used || !used && !key.LastAccessAt.Equal(*before) {
				t.Errorf("%s: last access %v", c.name, key.LastAccessAt)
			}
			if last := key.Secrets[0].LastAccessAt; !last.Equal(*key.LastAccessAt) {
				t.Errorf("%s: last access of the secret %v", c.name, last)
			}
		}
	})
}

// A server of before addresses were kept saves times alone: what it says of the last use holds, and its address is not known.
func TestLastAccessBesideAnOlderServer(t *testing.T) {
	use := store.NewKeyAccess(start, start.Add(time.Minute), "192.0.2.1")
	if got := use.Since(start); got != use {
		t.Errorf("an older time changes it to %+v", got)
	}
	got := use.Since(start.Add(time.Hour))
	if !got.At.Equal(start.Add(time.Hour)) || got.Address != "" || !got.OfSecret(start).Equal(start.Add(time.Minute)) {
		t.Errorf("got %+v", got)
	}
}
