package server_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// changeKey changes the person's key as an admin, and wants it to be as the body says.
func (w *world) changeKey(p person, body string) {
	w.Helper()
	w.patch(w.ada, keyPath(p), body).want(200)
}

// What makes a key allow less ends the tokens that it has made, by all of its secrets; what does not leaves them alive (R9, R33).
func TestTighteningEndsTheTokens(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.newMember(), "api", "reports", "self")
		old := p
		p = w.refreshKey(p, map[string]any{"overlap_seconds": 600_000})
		for _, step := range []struct {
			body     string
			tightens bool
		}{
			{`{"label":"nightly"}`, false},
			{`{"tokens_per_minute":600}`, false},
			{`{"allowed_networks":["192.0.2.0/24","2001:db8::/32"]}`, true},
			{`{"allowed_networks":["2001:db8::/32","192.0.2.0/23"]}`, false},
			{`{"allowed_networks":["192.0.2.0/24"]}`, true},
			{`{"allowed_networks":["192.0.2.0/24"]}`, false},
			{`{"allowed_networks":null}`, false},
			{`{"audiences":["https://api.example","https://other.example"]}`, true},
			{`{"audiences":["https://api.example"]}`, true},
			{`{"audiences":[]}`, false},
			{`{"token_lifetime_seconds":600}`, true},
			{`{"token_lifetime_seconds":700}`, false},
			{`{"token_lifetime_seconds":60}`, true},
			{`{"token_lifetime_seconds":null}`, false},
			{`{"expires_at":"2030-01-02T03:04:05Z"}`, true},
			{`{"expires_at":"2030-01-02T03:04:06Z"}`, false},
			{`{"expires_at":"2030-01-02T04:04:06+01:00"}`, false},
			{`{"expires_at":"2030-01-01T03:04:05Z"}`, true},
			{`{"expires_at":null}`, false},
			{`{"scopes":["self","api"]}`, true},
			{`{"scopes":["api","self"]}`, false},
			{`{}`, false},
		} {
			tokens := []string{w.tokenOf(p, "api"), w.tokenOf(old, "api")}
			w.changeKey(p, step.body)
			for _, token := range tokens {
				if step.tightens {
					w.wantDead(step.body, token)
				} else {
					w.wantAlive(step.body, token)
				}
			}
			w.wantAlive("after "+step.body, w.tokenOf(p, "api"))
			w.wantAlive("after "+step.body, w.tokenOf(old, "api"))
		}
		if got := w.key(p).Scopes; !cmp.Equal(got, []string{"api", "self"}) {
			t.Errorf("the scopes are %v", got)
		}
		a := w.patch(w.ada, keyPath(p), `{"scopes":["api","reports"]}`).wantCode(http.StatusUnprocessableEntity, "scope_not_held")
		if !strings.Contains(a.body, `"allowed":["api","self"]`) {
			t.Errorf("it does not say what is allowed: %s", a.body)
		}
		w.postForm(with(inBody(p), "scope", "reports")).wantError(400, "invalid_scope")
	})
}

// A fence is refused that no key can have, whether the key is made with it or gets it later.
func TestFencesThatCannotBe(t *testing.T) {
	w := newWorld(t)
	p := w.giveKey(w.mia, "api")
	now := w.clock.now().Format(time.RFC3339Nano)
	tooMany := `["192.0.2.1/32"` + strings.Repeat(`,"192.0.2.2/32"`, 20) + `]`
	for body, code := range map[string]string{
		`"allowed_networks":["192.0.2.1"]`:            "invalid_network",
		`"allowed_networks":["localhost"]`:            "invalid_network",
		`"allowed_networks":["::ffff:192.0.2.0/120"]`: "invalid_network",
		`"allowed_networks":` + tooMany:               "invalid_network",
		`"audiences":["https://unknown.example"]`:     "invalid_target",
		`"token_lifetime_seconds":0`:                  "invalid_lifetime",
		`"token_lifetime_seconds":59`:                 "invalid_lifetime",
		`"token_lifetime_seconds":901`:                "invalid_lifetime",
		`"label":"` + strings.Repeat("x", 201) + `"`:  "invalid_label",
		`"tokens_per_minute":0`:                       "invalid_quota",
		`"expires_at":"2020-01-01T00:00:00Z"`:         "invalid_expiry",
		`"expires_at":"0001-01-01T00:00:00Z"`:         "invalid_expiry",
		`"expires_at":"` + now + `"`:                  "invalid_expiry",
	} {
		w.patch(w.ada, keyPath(p), "{"+body+"}").wantCode(http.StatusUnprocessableEntity, code)
		w.post(w.ada, forgeKeys, `{"user_id":"mia",`+body+`}`).wantCode(http.StatusUnprocessableEntity, code)
	}
	w.patch(w.ada, keyPath(p), `{"scopes":[]}`).wantCode(http.StatusUnprocessableEntity, "invalid_scope")
	made := w.post(w.ada, forgeKeys, `{"user_id":"`+w.newMember().id+`","scopes":["api"],"allowed_networks":["192.0.2.77/24","192.0.2.0/24"],`+
		`"token_lifetime_seconds":60}`).want(201)
	var shown struct {
		Networks []string `json:"allowed_networks"`
		Lifetime int      `json:"token_lifetime_seconds"`
	}
	if made.into(&shown); !cmp.Equal(shown.Networks, []string{"192.0.2.0/24"}) || shown.Lifetime != 60 {
		t.Errorf("made with %+v", shown)
	}
}

// Outside its networks a key is refused like one that does not exist, and its tokens are no good where they meet this server. The audit
// trail says why (R33).
func TestNetworksOfAKey(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.newMember(), "api", "self")
		w.changeKey(p, `{"allowed_networks":["198.51.100.0/24"]}`)
		inside, outside := from("198.51.100.7"), from("192.0.2.1")
		unknown := w.postForm(inBody(person{clientID: "mk_unknown", secret: p.secret}), outside).want(401)
		refused := w.postForm(inBody(p), outside).want(401)
		if diff := cmp.Diff(withoutID(unknown), withoutID(refused)); diff != "" {
			t.Errorf("it looks unlike an unknown key (-unknown +refused):\n%s", diff)
		}
		token := w.postForm(with(inBody(p), "resource", issuer), inside).want(200).field("access_token")
		forAPI := w.postForm(inBody(p), inside).want(200).field("access_token")
		ask := func(method, path, token string, where func(*http.Request)) answer {
			r := w.request(method, path, nil)
			authorization("Bearer " + token)(r)
			where(r)
			return w.do(r)
		}
		ask("GET", ownKeys, token, inside).want(200)
		ask("GET", ownKeys, token, outside).wantCode(401, "unauthorized")
		const forward = "/oauth2/forward-auth?audience=https%3A%2F%2Fapi.example"
		ask("GET", forward, forAPI, inside).want(204)
		ask("GET", forward, forAPI, outside).want(401)
		if a := w.introspect(w.tom, forAPI).want(200); a.body == inactive { // by a gateway, and who holds the token is not known
			t.Error("introspection calls the token inactive")
		}
		w.run()()
		refusals := w.get(w.ada, acmeAudit+"?action=token.refused&client_id="+p.clientID).want(200)
		if body := refusals.body; !strings.Contains(body, "foreign_network") {
			t.Errorf("the audit trail does not say why: %s", body)
		}
	})
}

func withoutID(a answer) map[string]string {
	header := map[string]string{"body": a.body}
	for name := range maps.Keys(a.header) {
		if name != "X-Request-Id" {
			header[name] = a.header.Get(name)
		}
	}
	return header
}

// A key's tokens live as long as its fence says, and no longer than the setting (R33).
func TestTokenLifetimeOfAKey(t *testing.T) {
	w := newWorld(t)
	p := w.giveKey(w.mia, "api")
	lifetime := func() (seconds struct {
		ExpiresIn int `json:"expires_in"`
	},
	) {
		w.exchange(p).want(200).into(&seconds)
		return seconds
	}
	if got := lifetime().ExpiresIn; got != int(tokenLifetime/time.Second) {
		t.Errorf("without a fence tokens live for %d s", got)
	}
	w.changeKey(p, `{"token_lifetime_seconds":61}`)
	if got := lifetime().ExpiresIn; got != 61 {
		t.Errorf("tokens live for %d s, want 61", got)
	}
}

// Nobody loosens the key they act with, in no part of it; tightening it, and its label, they may (R33).
func TestOwnFences(t *testing.T) {
	onEachStore(t, func(w *world) {
		own := w.giveKey(w.ada, everyScope()...)
		for _, step := range []struct{ tighter, looser string }{
			{`{"allowed_networks":["192.0.2.0/24"]}`, `{"allowed_networks":["192.0.2.0/23"]}`},
			{`{"allowed_networks":["192.0.2.0/25"]}`, `{"allowed_networks":null}`},
			{`{"audiences":["https://api.example"]}`, `{"audiences":["https://api.example","https://other.example"]}`},
			{`{"token_lifetime_seconds":600}`, `{"token_lifetime_seconds":601}`},
			{`{"tokens_per_minute":600}`, `{"tokens_per_minute":null}`},
			{`{"expires_at":"2030-01-02T00:00:00Z"}`, `{"expires_at":"2030-01-02T00:00:01Z"}`},
			{`{"expires_at":"2030-01-01T00:00:00Z"}`, `{"expires_at":null}`},
			{`{"label":"mine"}`, `{"label":"mine","token_lifetime_seconds":null}`},
		} {
			w.patch(own, keyPath(own), step.tighter).want(200)
			w.patch(own, keyPath(own), step.looser).wantCode(http.StatusForbidden, "not_grantable")
		}
		w.patch(w.ada, keyPath(own), `{"allowed_networks":null,"token_lifetime_seconds":null}`).want(200)
	})
}
