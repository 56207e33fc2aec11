package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mintkey/server"
)

const password = "correct horse battery staple"

// withPassword makes a user with a password, who is a member of mill (release 23.4) unless the tenant is empty.
func (w *world) withPassword(id, tenant string) person {
	w.Helper()
	p := person{account: "acme", tenant: tenant, id: id}
	w.post(w.ada, "/admin/v1/accounts/acme/users", map[string]string{"id": id, "email": p.email(), "password": password}).want(201)
	if tenant != "" {
		w.put(w.ada, "/admin/v1/tenants/"+tenant+"/members/"+id, map[string]string{"role": "tenant_admin"}).want(201)
	}
	return p
}

func login(tenant, username, password string) form {
	return form{"grant_type": {"password"}, "tenant_id": {tenant}, "username": {username}, "password": {password}}
}

// A tenant on a release before 24.3 accepts passwords, and warns that they are deprecated.
func TestPasswordGrant(t *testing.T) {
	onEachStore(t, func(w *world) {
		sunset := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
		w.serve(func(o *server.Options) { o.PasswordSunset = sunset })
		p := w.withPassword("pia", "mill")
		for _, name := range []string{p.email(), strings.ToUpper(p.email()), p.id} {
			a := w.postForm(login("mill", name, password)).want(200)
			a.wantHeader("Deprecation", "@1719792000").wantHeader("Sunset", "Sun, 31 Jan 2027 00:00:00 GMT")
			a.wantHeader("Link", `<`+issuer+`/console>; rel="deprecation"; type="text/html"; title="Use an access key instead of a password"`)
			claims := w.claims(a.field("access_token"))
			if want := []string{"pwd"}; !slices.Equal(claims.Methods, want) {
				w.Errorf("amr %v, want %v (RFC 8176)", claims.Methods, want)
			}
			if claims.Subject != "pia" || claims.UserID != "pia" || claims.TenantID != "mill" ||
				claims.Scope != "api reports" || claims.Status == nil {
				w.Errorf("claims %+v", claims)
			}
		}
		a := w.postForm(form{"grant_type": {"client_credentials"}, "client_id": {w.max.clientID}, "client_secret": {w.max.secret}}).want(200)
		if a.header.Get("Deprecation") != "" {
			w.Error("an access key is not deprecated")
		}
		if claims := w.claims(a.field("access_token")); claims.Methods != nil {
			w.Errorf("amr %v in a token of an access key", claims.Methods)
		}
		scoped := login("mill", p.id, password)
		scoped.Set("scope", "reports")
		if scope := w.postForm(scoped).want(200).field("scope"); scope != "reports" {
			w.Errorf("scope %q", scope)
		}
		scoped.Set("scope", "keys:read")
		w.postForm(scoped).wantError(400, "invalid_scope")
		scoped.Set("scope", "self")
		w.postForm(scoped).wantError(400, "invalid_scope")
	})
}

// For a tenant without passwords, and for one that does not exist, a right and a wrong password get the same answer (R22).
func TestPasswordGrantIsForOlderTenants(t *testing.T) {
	w := newWorld(t)
	w.withPassword("pia", "forge")
	var first string
	for _, tenant := range []string{"forge", "dome", "nowhere", "../mill", "mill "} {
		for _, name := range []string{"pia", "pia@acme.example", "nobody", ""} {
			for _, secret := range []string{password, "wrong"} {
				if name == "" {
					continue
				}
				a := w.postForm(login(tenant, name, secret)).wantError(400, "unauthorized_client")
				if first == "" {
					first = a.body
				}
				if a.body != first {
					t.Errorf("for %s of %s: %s", name, tenant, a.body)
				}
			}
		}
	}
	for _, missing := range []string{"tenant_id", "username", "password"} {
		values := login("mill", "pia", password)
		values.Del(missing)
		w.postForm(values).wantError(400, "invalid_request")
	}
}

// Whatever is wrong with a login, the answer is the same (R22).
func TestWrongLoginsLookTheSame(t *testing.T) {
	w := newWorld(t)
	w.withPassword("pia", "mill")
	w.withPassword("out", "")
	w.withPassword("dis", "mill")
	w.patch(w.ada, "/admin/v1/accounts/acme/users/dis", map[string]any{"disabled": true}).want(200)
	var first string
	for i, values := range []form{
		login("mill", "pia", "wrong password"), login("mill", "nobody", password), login("mill", "nobody@acme.example", password),
		login("mill", "out", password), login("mill", "dis", password), login("mill", "max", password), login("mill", "Not An ID!", password),
		login("mill", "gil", password),
	} {
		r := fmt.Sprintf("10.1.0.%d", i)
		a := w.postForm(values, from(r)).wantError(400, "invalid_grant")
		if first == "" {
			first = a.body
		}
		if a.body != first {
			t.Errorf("%v: %s", values, a.body)
		}
	}
}

// A token issued for a password has no administration scopes, whatever the user's roles (R27), and ends with the right to use one.
func TestTokensFromPasswordsAdministerNothing(t *testing.T) {
	w := newWorld(t, withoutAPIs) // where tokens for the API and for the server have the same audience
	p := w.withPassword("pia", "mill")
	w.patch(w.olga, "/admin/v1/accounts/acme/users/pia", map[string]any{"roles": []string{"account_admin"}}).want(200)
	token := bearer(w.postForm(login("mill", p.id, password)).want(200).field("access_token"))
	for _, r := range w.routes() {
		w.ask(token, r.method, r.fill(w.own(w.max)), r.body()).wantCode(403, "insufficient_scope")
	}
	if a := w.introspect(w.tom, string(token)).want(200); a.body == inactive {
		t.Error("introspection does not know the token")
	}
	w.patch(w.ada, "/admin/v1/accounts/acme/users/pia", map[string]any{"password": nil}).want(200)
	if a := w.introspect(w.tom, string(token)).want(200); a.body != inactive {
		t.Error("the password is gone, and its token lives")
	}
}

func TestPasswordLoginsAreReported(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.withPassword("pia", "mill")
		const path = "/admin/v1/tenants/mill/password-logins"
		if ids, _ := w.get(w.max, path).values("user_id"); len(ids) != 0 {
			w.Errorf("before any login there are %q", ids)
		}
		w.postForm(login("mill", "pia", password), from("10.0.0.1")).want(200)
		w.clock.advance(time.Minute)
		w.postForm(login("mill", "pia", "wrong password"), from("10.0.0.2")).want(400)
		w.postForm(login("mill", "pia", password), from("10.0.0.3")).want(200)
		w.run()() // saves what is pending
		w.serve()
		var report struct {
			Items []struct {
				UserID  string    `json:"user_id"`
				Email   string    `json:"email"`
				Count   int       `json:"count"`
				LastAt  time.Time `json:"last_at"`
				Address string    `json:"address"`
			} `json:"items"`
		}
		w.get(w.max, path).want(200).into(&report)
		if len(report.Items) != 1 {
			w.Fatalf("%+v", report)
		}
		if got := report.Items[0]; got.UserID != "pia" || got.Email != "pia@acme.example" || got.Count != 2 ||
			got.Address != "10.0.0.3" || !got.LastAt.Equal(start.Add(time.Minute)) {
			w.Errorf("%+v", got)
		}
		w.get(w.tom, path).wantCode(404, "not_found")
	})
}

// Guessing a password is slowed down, but only for the guesser (R23).
func TestGuessingPasswordsIsSlowed(t *testing.T) {
	w := newWorld(t)
	w.withPassword("pia", "mill")
	guess := func() answer { return w.postForm(login("mill", "pia", "wrong password"), from("10.0.0.1")) }
	a, guesses := guess(), 0
	for ; a.status == 400 && guesses < 100; guesses++ { // where hashing is slow some of the budget comes back meanwhile
		a.wantError(400, "invalid_grant")
		a = guess()
	}
	if guesses < 10 {
		t.Errorf("refused after %d wrong passwords, want at least 10", guesses)
	}
	a.want(429)
	w.postForm(login("mill", "pia", password), from("10.0.0.1")).want(429) // the right one is not checked either
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 60 {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	w.postForm(login("mill", "pia", password), from("10.0.0.2")).want(200) // the person, elsewhere
	w.postForm(login("mill", "max", "x"), from("10.0.0.1")).want(400)      // another person
}

// After too many wrong secrets the answer is 429; the right one always works, from any address (R23).
func TestWrongSecretsNeverLockAKey(t *testing.T) {
	w := newWorld(t)
	guess := func() answer {
		return w.postForm(with(inBody(w.mia), "client_secret", "mks_guess"), from("10.0.0.1"))
	}
	for range 30 {
		guess().wantError(401, "invalid_client")
	}
	if a := guess().want(429); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.exchange(w.mia).want(200)
	w.postForm(inBody(w.mia), from("10.0.0.1")).want(200)
}

// The audit trail has the reason of a refusal, which the answer withholds (R24).
func TestRefusalsAreExplainedToTheAccount(t *testing.T) {
	onEachStore(t, func(w *world) {
		gone := w.makeKey(w.ada, w.tom, "api")
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+gone.clientID).want(204)
		w.exchange(gone).want(401)
		w.exchange(person{clientID: w.mia.clientID, secret: "wrong"}).want(401)
		w.exchange(person{clientID: w.mia.clientID, secret: "wrong"}).want(401)
		w.exchange(person{clientID: "mk_nobody", secret: "wrong"}).want(401)
		w.run()()
		var trail struct {
			Items []struct {
				ClientID string            `json:"client_id"`
				Details  map[string]string `json:"details"`
			} `json:"items"`
		}
		w.get(w.ada, "/admin/v1/accounts/acme/audit?action=token.refused").want(200).into(&trail)
		got := map[string]string{}
		for _, event := range trail.Items {
			got[event.ClientID] = event.Details["reason"] + " " + event.Details["count"]
		}
		if len(got) != 2 || got[gone.clientID] != "revoked 1" || got[w.mia.clientID] != "wrong_secret 2" {
			w.Errorf("the trail says %v", got)
		}
	})
}

// from makes a request come from an address.
func from(address string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = address + ":40000" }
}
