package chaos_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// deployment is a store with the servers that run on it, and what "mintkey init" made in it.
type deployment struct {
	t *testing.T
	*ground
	servers []*server
	first   firstKey
	clients []*client // one for each server, with a token of the first key
}

// firstKey is what "mintkey init -o json" prints.
type firstKey struct {
	AccountID    string `json:"account_id"`
	TenantID     string `json:"tenant_id"`
	UserID       string `json:"user_id"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

const audience = "https://api.example.com"

// deploy starts servers on new ground. env has more settings, as variables.
func deploy(t *testing.T, g *ground, servers int, env ...string) *deployment {
	t.Helper()
	d := &deployment{t: t, ground: g}
	env = append(append(g.settings(), "MINTKEY_TOKENS_AUDIENCES="+audience), env...)
	d.init(env)
	issuer := ""
	for i := range servers {
		s := newServer(t, fmt.Sprintf("server%d", i), issuer, env)
		if i == 0 {
			issuer = s.url
		}
		d.servers = append(d.servers, s)
		s.start()
	}
	for _, s := range d.servers {
		eventually(t, s.url, s.ready)
	}
	for _, s := range d.servers {
		c := newClient(s.url)
		token, a := c.ask(d.first.ClientID, d.first.ClientSecret)
		if token == "" {
			t.Fatalf("no token for the first key: %v", a)
		}
		c.token = token
		d.clients = append(d.clients, c)
	}
	return d
}

func (d *deployment) init(env []string) {
	d.t.Helper()
	cmd := exec.Command(mintkey, "init", "-o", "json", "--account", "acme", "--tenant", "load", "--release", "24.3",
		"--name", "Ada Admin", "--email", "ada@example.com")
	cmd.Env = append(cleanEnviron(), env...)
	cmd.Dir = d.t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		exit, _ := errors.AsType[*exec.ExitError](err)
		d.t.Fatalf("mintkey init: %v\n%s%s", err, out, exit.Stderr)
	}
	if err := json.Unmarshal(out, &d.first); err != nil {
		d.t.Fatalf("mintkey init printed %s: %v", out, err)
	}
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
