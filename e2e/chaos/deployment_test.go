package chaos_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mintkey/e2e/internal/e2etest"
	"mintkey/policy"
)

// deployment is a store with the servers that run on it, and what "mintkey init" made in it.
type deployment struct {
	t *testing.T
	*ground
	servers []*e2etest.Server
	first   e2etest.FirstKey
	clients []*client // one for each server, with a token of the first key
}

const audience = "https://api.example.com"

// deploy starts servers on new ground. env has more settings, as variables.
func deploy(t *testing.T, g *ground, servers int, env ...string) *deployment {
	t.Helper()
	d := &deployment{t: t, ground: g}
	env = append(append(g.settings(), "MINTKEY_TOKENS_AUDIENCES="+audience), env...)
	d.first = e2etest.Init(t, mintkey, "load", env...)
	issuer := ""
	for i := range servers {
		s := e2etest.NewServer(t, fmt.Sprintf("server%d", i), mintkey, issuer)
		s.Env = env
		if i == 0 {
			issuer = s.URL
		}
		d.servers = append(d.servers, s)
		s.Start()
	}
	for _, s := range d.servers {
		e2etest.Eventually(t, s.URL, s.Ready)
	}
	for _, s := range d.servers {
		c := newClient(s.URL)
		token, a := c.ask(d.first.ClientID, d.first.ClientSecret, policy.AdministrationScopes()...)
		if token == "" {
			t.Fatalf("no token for the first key: %v", a)
		}
		c.token = token
		d.clients = append(d.clients, c)
	}
	return d
}

func (d *deployment) keysPath() string { return "/admin/v1/tenants/" + d.first.TenantID + "/keys" }

// memberPath is the path of a member, or of the list for an empty ID.
func (d *deployment) memberPath(id string) string {
	return strings.TrimSuffix("/admin/v1/tenants/"+d.first.TenantID+"/members/"+id, "/")
}

// addMember makes a user who is a member of the tenant.
func (d *deployment) addMember(id string) {
	d.t.Helper()
	user := map[string]any{"id": id, "name": id, "email": id + "@example.com"}
	if a := d.clients[0].do(http.MethodPost, "/admin/v1/accounts/"+d.first.AccountID+"/users", user); a.status != http.StatusCreated {
		d.t.Fatalf("user %s: %v", id, a)
	}
	if a := d.clients[0].do(http.MethodPut, d.memberPath(id), map[string]any{"role": "member"}); a.status/100 != 2 {
		d.t.Fatalf("member %s: %v", id, a)
	}
}
