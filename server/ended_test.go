package server_test

import (
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
	"mintkey/tokens"
)

// wantDead asks everybody who judges tokens: the status list that gateways poll, introspection, forward-auth and this server's own APIs.
func (w *world) wantDead(when, token string) {
	w.Helper()
	if !w.revokedIn(token) {
		w.Errorf("%s: the status list calls the token valid", when)
	}
	if a := w.introspect(w.tom, token).want(200); a.body != inactive {
		w.Errorf("%s: introspection answers %s", when, a.body)
	}
	if a := w.forwardAuth(forAPI, w.withAudience(token, "https://api.example")); a.status != 401 {
		w.Errorf("%s: forward-auth answers %d", when, a.status)
	}
	if a := w.get(bearer(w.withAudience(token, issuer)), ownKeys); a.status != 401 {
		w.Errorf("%s: the API for oneself answers %d", when, a.status)
	}
}

func (w *world) wantAlive(when, token string) {
	w.Helper()
	if w.revokedIn(token) {
		w.Errorf("%s: the status list calls the token revoked", when)
	}
	if a := w.introspect(w.tom, token).want(200); a.body == inactive {
		w.Errorf("%s: introspection calls it inactive", when)
	}
	w.forwardAuth(forAPI, w.withAudience(token, "https://api.example")).want(204)
	if a := w.get(bearer(w.withAudience(token, issuer)), ownKeys); a.status == 401 {
		w.Errorf("%s: the API for oneself answers %d", when, a.status)
	}
}

// withAudience is the token with another audience: who judges one has to be asked with a token that would be good there if it were alive.
func (w *world) withAudience(token, audience string) string {
	w.Helper()
	claims := claimsOf(w, token)
	claims["aud"] = audience
	signed, err := w.ring.Sign(w.clock.now(), tokens.ES256, tokens.TypeAccessToken, claims)
	w.must(err)
	return signed
}

func keyPath(p person, below ...string) string {
	return "/admin/v1/tenants/" + p.tenant + "/keys/" + strings.Join(append([]string{p.clientID}, below...), "/")
}

// refreshKey gives the key a new secret.
func (w *world) refreshKey(p person, how any) person {
	w.Helper()
	p.secret = w.post(w.ada, keyPath(p, "refresh"), how).want(200).field("client_secret")
	return p
}

// Whatever ends a key ends the tokens of all secrets that it ever had, at everybody who judges them, and no undoing revives them (R5, R8).
func TestTokensOfReplacedSecretsEndToo(t *testing.T) {
	user := func(w *world, p person, change string) { w.patch(w.ada, acmeUsers+"/"+p.id, change).want(200) }
	member := func(p person) string { return "/admin/v1/tenants/" + p.tenant + "/members/" + p.id }
	for name, end := range map[string]func(w *world, p person){
		"revoked":                 func(w *world, p person) { w.delete(w.ada, keyPath(p)).want(204) },
		"tokens revoked, at last": func(w *world, p person) { w.refreshKey(p, map[string]any{"revoke_tokens": true}) },
		"disabled":                func(w *world, p person) { user(w, p, `{"disabled":true}`) },
		"disabled and enabled": func(w *world, p person) {
			user(w, p, `{"disabled":true}`)
			user(w, p, `{"disabled":false}`)
			w.exchange(p).want(200)
		},
		"removed": func(w *world, p person) { w.delete(w.ada, member(p)).want(204) },
		"removed and added": func(w *world, p person) {
			w.delete(w.ada, member(p)).want(204)
			w.put(w.ada, member(p), `{"role":"member"}`).want(201)
		},
		"deleted": func(w *world, p person) { w.delete(w.ada, acmeUsers+"/"+p.id).want(204) },
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(w *world) {
				p := w.makeKey(w.ada, w.newMember(), "api", "self")
				tokens := []string{w.tokenOf(p, "api")}
				p = w.refreshKey(p, nil)
				tokens = append(tokens, w.tokenOf(p, "api"))
				p = w.refreshKey(p, map[string]any{"overlap_seconds": 3600})
				tokens = append(tokens, w.tokenOf(p, "api"))
				for _, token := range tokens {
					w.wantAlive("before", token)
				}
				w.clock.advance(time.Minute)
				end(w, p)
				for _, token := range tokens {
					w.wantDead(name, token)
				}
				w.clock.advance(forgottenAfter)
				w.must(w.server.Gateways().Log.Forget(w.Context(), w.clock.now()))
				for _, token := range tokens {
					if !w.revokedIn(token) { // for good, though the token has expired (R5)
						w.Errorf("%s: valid again once the log has forgotten it", name)
					}
				}
				w.serve()
				if !w.revokedIn(tokens[0]) {
					w.Errorf("%s: valid again to another server", name)
				}
			})
		})
	}
}

const forgottenAfter = policy.MaxTokenLifetime + time.Hour

// Enabling gives back exactly what disabling took: the keys with their secrets. Their new tokens are alive everywhere (R8).
func TestEnablingGivesBackTheKeys(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.newMember(), "api", "self")
		before := w.tokenOf(p, "api")
		for range 2 {
			w.patch(w.ada, acmeUsers+"/"+p.id, `{"disabled":true}`).want(200)
			w.exchange(p).want(401)
			w.patch(w.ada, acmeUsers+"/"+p.id, `{"disabled":false}`).want(200)
			w.wantDead("enabled", before)
			first, second := w.tokenOf(p, "api"), w.tokenOf(p, "api")
			w.wantAlive("enabled", first)
			if !sameIndex(w, first, second) {
				w.Error("each token has a status index of its own")
			}
			w.deliverToGateways() // late, as after a crash: it ends what is from before, and no more
			w.wantAlive("delivered", first)
			before = first
		}
	})
}

func sameIndex(w *world, a, b string) bool {
	w.Helper()
	return w.claims(a).Status.StatusList == w.claims(b).Status.StatusList
}

// The outbox alone tells gateways of a disabling whose server died right after it, even when a new token was made by then.
func TestTheOutboxTellsOfDisabling(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.newMember(), "api", "self")
		before, whole := w.tokenOf(p, "api"), w.store
		w.store = deafLog{whole}
		w.serve()
		w.patch(w.ada, acmeUsers+"/"+p.id, `{"disabled":true}`).want(200)
		w.patch(w.ada, acmeUsers+"/"+p.id, `{"disabled":false}`).want(200)
		w.clock.advance(time.Second)
		after := w.tokenOf(p, "api")
		w.store = whole
		w.serve()
		w.deliverToGateways()
		w.wantDead("disabled", before)
		w.wantAlive("enabled", after)
	})
}

// A lifetime that was longer once counts until the last token of it is dead, whatever the setting is today.
func TestLongerLifetimesAreRemembered(t *testing.T) {
	w := newWorld(t)
	w.serve(func(o *server.Options) { o.TokenLifetime = 12 * time.Hour })
	w.must(store.BeginHistory(t.Context(), w.store, 12*time.Hour, start)) // as serve does
	p := w.makeKey(w.ada, w.newMember(), "api", "self")
	token := w.tokenOf(p, "api")
	w.serve() // with a quarter of an hour
	p = w.refreshKey(p, nil)
	w.clock.advance(6 * time.Hour)
	p = w.refreshKey(p, nil)
	w.wantAlive("six hours later", token)
	w.delete(w.ada, keyPath(p)).want(204)
	w.clock.advance(time.Hour)
	w.must(w.server.Gateways().Log.Forget(w.Context(), w.clock.now()))
	w.wantDead("revoked", token)
	if rows := w.logged(); len(rows) == 0 || rows[0].Until.Before(w.claims(token).ExpiresAt.Time) {
		t.Errorf("the log forgets before the token expires: %+v", rows)
	}
}

// A token of a day that is ended at a server of a quarter of an hour stays ended at both, after the log has forgotten, until its own end.
func TestALongTokenStaysRevoked(t *testing.T) {
	onEachStore(t, func(w *world) {
		const day = 24 * time.Hour
		asLong := func(o *server.Options) { o.TokenLifetime = day }
		w.serve(asLong)
		w.must(store.BeginHistory(t.Context(), w.store, day, start)) // as serve does before it makes a token
		revoked, refreshed := w.makeKey(w.ada, w.newMember(), "api", "self"), w.makeKey(w.ada, w.newMember(), "api", "self")
		ended := map[string]string{"key revoked": w.tokenOf(revoked, "api"), "tokens revoked": w.tokenOf(refreshed, "api")}

		w.serve() // with a quarter of an hour
		w.must(store.BeginHistory(t.Context(), w.store, tokenLifetime, start))
		w.delete(w.ada, keyPath(revoked)).want(204)
		w.refreshKey(refreshed, map[string]any{"revoke_tokens": true})
		for _, wait := range []time.Duration{40 * time.Minute, 22 * time.Hour} {
			w.clock.advance(wait)
			w.must(w.server.Gateways().Log.Forget(w.Context(), w.clock.now()))
			for name, token := range ended {
				w.wantDead(name+", at the server with the short lifetime", token)
			}
			w.serve(asLong)
			for name, token := range ended {
				w.wantDead(name+", at the server with the long lifetime", token)
			}
			w.serve()
		}
		for _, row := range w.logged() {
			if row.Until.Before(start.Add(day)) {
				t.Errorf("the log forgets %s before the tokens expire, at %s", row.ClientID, row.Until)
			}
		}
		if rows := w.logged(); len(rows) < len(ended) {
			t.Errorf("%d revocations are logged after 22 hours, want %d", len(rows), len(ended))
		}
	})
}
