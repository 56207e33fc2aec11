package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

// plugin logs in as the LoadRunner Cloud plugins do: on one path with client_id and client_secret, on the other with user and
// password.
type plugin struct{ path, id, secret string }

func plugins() []plugin {
	return []plugin{{"/v1/auth-client", "client_id", "client_secret"}, {"/v1/auth", "user", "password"}}
}

func (p plugin) body(who person) map[string]string {
	return map[string]string{p.id: who.clientID, p.secret: who.secret}
}

func (w *world) login(path, query string, body any, adjust ...func(*http.Request)) answer {
	w.Helper()
	r := w.request("POST", path+query, body)
	for _, change := range adjust {
		change(r)
	}
	return w.do(r)
}

func TestPluginsGetTheirToken(t *testing.T) {
	w := newWorld(t)
	for _, p := range plugins() {
		a := w.login(p.path, "?TENANTID=forge", p.body(w.mia)).want(200)
		a.wantHeader("Content-Type", "application/json").wantHeader("Cache-Control", "no-store")
		a.golden("compat_token")
		if claims := w.claims(a.field("token")); claims.ClientID != w.mia.clientID || claims.TenantID != "forge" {
			t.Errorf("%s: a token for %s in %s", p.path, claims.ClientID, claims.TenantID)
		}
		body := p.body(w.mia)
		body["another"] = "member" // the plugins are not ours
		w.login(p.path, "?TENANTID=forge&projectId=1", body).want(200)
		w.login(p.path, "?TENANTID=forge", body, header("Content-Type", "text/plain")).want(200)
	}
	w.clock.advance(80 * policy.Day)
	a := w.login("/v1/auth-client", "?TENANTID=forge", plugins()[0].body(w.mia)).want(200)
	a.wantHeader("Mintkey-Key-Expires", start.Add(90*policy.Day).Format(time.RFC3339))
}

func TestPluginsAreRefused(t *testing.T) {
	w := newWorld(t)
	stranger := person{clientID: "mk_0123456789abcdefghijkl", secret: w.mia.secret}
	impostor := person{clientID: w.mia.clientID, secret: w.tom.secret}
	powerless := w.giveKey(w.mia, "keys:write")
	for _, p := range plugins() {
		refused := w.login(p.path, "?TENANTID=forge", p.body(impostor)).wantError(401, "invalid_client")
		refused.golden("compat_invalid_client")
		for _, c := range []struct {
			query  string
			body   any
			status int
			code   string
		}{
			{"?TENANTID=forge", p.body(stranger), 401, "invalid_client"},
			{"?TENANTID=mill", p.body(w.mia), 401, "invalid_client"},
			{"?TENANTID=mill", p.body(powerless), 401, "invalid_client"}, // and not what its role allows elsewhere
			{"?TENANTID=dome", p.body(w.mia), 401, "invalid_client"},
			{"?TENANTID=nowhere", p.body(w.mia), 401, "invalid_client"},
			{"?TENANTID=forge&TENANTID=forge", p.body(w.mia), 400, "invalid_request"}, // which one is meant?
			{"?TENANTID=forge&a;b", p.body(w.mia), 400, "invalid_request"},
			{"?TENANTID=forge", map[string]string{}, 401, "invalid_client"},
			{"?TENANTID=forge", p.body(powerless), 400, "invalid_scope"},
			{"", p.body(w.mia), 400, "invalid_request"},
			{"?TENANTID=", p.body(w.mia), 400, "invalid_request"},
			{"?tenantid=forge", p.body(w.mia), 400, "invalid_request"},
			{"?TENANTID=forge", "", 400, "invalid_request"},
			{"?TENANTID=forge", "client_id=x&client_secret=y", 400, "invalid_request"},
			{"?TENANTID=forge", "[]", 400, "invalid_request"},
			{"?TENANTID=forge", `{"` + p.id + `":1}`, 400, "invalid_request"},
			{"?TENANTID=forge", `{"x":"` + strings.Repeat("y", 64<<10) + `"}`, 400, "invalid_request"},
		} {
			a := w.login(p.path, c.query, c.body).wantError(c.status, c.code)
			a.wantHeader("Cache-Control", "no-store")
			if a.field("message") != a.field("error_description") {
				t.Errorf("%s: the plugins show %s", a.request, a.body)
			}
			if c.status == 401 && a.body != refused.body {
				t.Errorf("%s can be told from a wrong secret: %s", a.request, a.body)
			}
		}
		a := w.login(p.path, "?TENANTID=forge", nil, method("GET")).wantError(405, "invalid_request")
		a.wantHeader("Allow", "POST")
		if a.field("message") == "" {
			t.Error(a.body)
		}
	}
}

// A login at another tenant issues nothing, so it is no use of the key.
func TestRefusedLoginIsNoAccess(t *testing.T) {
	w := newWorld(t)
	w.login("/v1/auth-client", "?TENANTID=mill", plugins()[0].body(w.mia)).want(401)
	var key struct {
		LastAccessAt *time.Time `json:"last_access_at"`
	}
	w.get(w.tom, "/admin/v1/tenants/forge/keys/"+w.mia.clientID).want(200).into(&key)
	if key.LastAccessAt != nil {
		t.Errorf("last access %s", key.LastAccessAt)
	}
}
