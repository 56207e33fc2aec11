package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestAccountsAndTenants(t *testing.T) {
	onEachStore(t, func(w *world) {
		a := w.post(w.olga, "/admin/v1/accounts", `{"id":"initech","name":"Initech <& Söhne>"}`).want(201)
		a.golden("account")
		w.get(w.olga, a.location()).want(200).golden("account")
		w.post(w.olga, "/admin/v1/accounts", `{"id":"initech","name":"Again"}`).wantCode(409, "id_taken")
		if got := w.get(w.olga, a.location()+"/expiration-policy").want(200); !strings.Contains(got.body, `"enabled":true,"period_days":90`) {
			w.Errorf("a new account's policy: %s", got.body)
		}

		a = w.post(w.olga, "/admin/v1/accounts/initech/tenants", `{"id":"cubicle","name":"Cubicle","release":"2023.4"}`).want(201)
		a.golden("tenant")
		w.get(w.olga, a.location()).want(200).golden("tenant")
		w.post(w.olga, "/admin/v1/accounts/initech/tenants", `{"id":"cubicle","name":"Again","release":"24.3"}`).wantCode(409, "id_taken")
		w.post(w.olga, "/admin/v1/accounts/initech/tenants", `{"id":"forge","name":"Another account's","release":"24.3"}`).
			wantCode(409, "id_taken")
		w.get(w.olga, "/admin/v1/accounts/initech/tenants").want(200).golden("tenants")
	})
}

func (a answer) location() string {
	a.t.Helper()
	location := a.header.Get("Location")
	if location == "" {
		a.t.Fatalf("%s: no Location", a.request)
	}
	return location
}

func TestMadeIDs(t *testing.T) {
	w := newWorld(t)
	a := w.post(w.olga, "/admin/v1/accounts", `{"name":"No ID"}`).want(201)
	if a.location() != "/admin/v1/accounts/"+a.field("id") || w.get(w.olga, a.location()).want(200).body != a.body {
		t.Errorf("Location %q of %s", a.location(), a.body)
	}
	tenant := w.post(w.ada, "/admin/v1/accounts/acme/tenants", `{"name":"No ID","release":"24.3"}`).want(201)
	if w.get(w.ada, tenant.location()).want(200).body != tenant.body {
		t.Errorf("Location %q of %s", tenant.location(), tenant.body)
	}
	user := w.post(w.ada, "/admin/v1/accounts/acme/users", `{"email":"no.id@acme.example"}`).want(201)
	if w.get(w.ada, user.location()).want(200).body != user.body || user.peek("name") != "no.id@acme.example" {
		t.Errorf("Location %q of %s", user.location(), user.body)
	}
}

func TestGivenIDsAndNames(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"a", "0", "a-", "a--b", strings.Repeat("a", 63)} {
		w.post(w.olga, "/admin/v1/accounts", map[string]string{"id": id, "name": "x"}).want(201)
	}
	for _, id := range []string{"-a", "A", "ä", "a_b", "a.b", "a b", "a/b", "a:b", "{a}", " a", "a\n", strings.Repeat("a", 64)} {
		w.post(w.olga, "/admin/v1/accounts", map[string]string{"id": id, "name": "x"}).wantCode(422, "invalid_id")
		w.post(w.ada, "/admin/v1/accounts/acme/tenants", map[string]string{"id": id, "name": "x", "release": "24.3"}).wantCode(422, "invalid_id")
		w.post(w.ada, "/admin/v1/accounts/acme/users", map[string]string{"id": id, "email": "x@acme.example"}).wantCode(422, "invalid_id")
	}
	// User IDs are unique in the whole server.
	w.post(w.ada, "/admin/v1/accounts/acme/users", map[string]string{"id": "gil", "email": "x@acme.example"}).wantCode(409, "id_taken")
	for _, name := range []string{"", " ", "a\nb", "a\u202eb", "\u0000", strings.Repeat("a", 201)} {
		w.post(w.olga, "/admin/v1/accounts", map[string]string{"name": name}).wantCode(422, "invalid_name")
		w.post(w.ada, "/admin/v1/accounts/acme/tenants", map[string]string{"name": name, "release": "24.3"}).wantCode(422, "invalid_name")
	}
	w.post(w.olga, "/admin/v1/accounts", map[string]string{"name": strings.Repeat("ä", 200)}).want(201)
}

// Releases in both notations. A malformed one is refused, because it could never be corrected (R21).
func TestReleasesOfTenants(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct {
		release  string
		password string
	}{
		{"24.2", "true"},
		{"24.3", "false"},
		{"24.10", "false"},
		{"23.4", "true"},
		{"2023.4", "true"},
		{"2024.2", "true"},
		{"2024.3", "false"},
		{"25.1", "false"},
		{"99.999", "false"},
		{"2023.07", "true"},
		{"2021.01", "true"},
		{"24.02", "true"},
		{"24.2.9", "true"},
		{"2024.03", "false"},
		{"24.3.1", "false"},
	} {
		tenant := map[string]string{"id": fmt.Sprintf("t%d", i), "name": "x", "release": c.release}
		a := w.post(w.ada, "/admin/v1/accounts/acme/tenants", tenant).want(201)
		if !strings.Contains(a.body, `"release":"`+c.release+`","password_grant":`+c.password) {
			t.Errorf("release %s: %s", c.release, a.body)
		}
	}
	for _, release := range []string{
		"", "24", "24.", ".3", "24.3.1.1", "24.3.", "v24.3", "24,3", " 24.3", "24.3\n",
		"24.-1", "1924.3", "240.3", "24.3a", "２４.３", "24.9999", "1e3.1",
	} {
		w.post(w.ada, "/admin/v1/accounts/acme/tenants", map[string]string{"name": "x", "release": release}).wantCode(422, "invalid_release")
	}
	w.post(w.ada, "/admin/v1/accounts/acme/tenants", `{"name":"x"}`).wantCode(422, "invalid_release")
	w.post(w.ada, "/admin/v1/accounts/acme/tenants", `{"name":"x","release":24.3}`).wantCode(400, "invalid_request")
}

func TestPagesLeaveNoGap(t *testing.T) {
	onEachStore(t, func(w *world) {
		var tenants, users []string
		for i := range 7 {
			tenants = append(tenants, fmt.Sprintf("t%d", i))
			users = append(users, fmt.Sprintf("u%d", i))
			w.post(w.gus, "/admin/v1/accounts/globex/tenants", map[string]string{"id": tenants[i], "name": "x", "release": "24.3"}).want(201)
			w.post(w.gus, "/admin/v1/accounts/globex/users", map[string]string{"id": users[i], "email": users[i] + "@globex.example"}).want(201)
			w.put(w.gus, "/admin/v1/tenants/dome/members/"+users[i], `{"role":"member"}`).want(201)
			w.post(w.olga, "/admin/v1/accounts", map[string]string{"id": fmt.Sprintf("x%d", i), "name": "x"}).want(201)
		}
		for path, want := range map[string]struct {
			as    caller
			name  string
			items []string
		}{
			"/admin/v1/accounts/globex/tenants": {w.gus, "id", append([]string{"dome"}, tenants...)},
			"/admin/v1/accounts/globex/users":   {w.gus, "id", append([]string{"gil", "gus"}, users...)},
			"/admin/v1/tenants/dome/members":    {w.gus, "user_id", append([]string{"gil", "gus"}, users...)},
			"/admin/v1/accounts":                {w.olga, "id", []string{"acme", "globex", "x0", "x1", "x2", "x3", "x4", "x5", "x6"}},
		} {
			for limit := 1; limit <= len(want.items)+1; limit++ {
				if got := w.pages(want.as, path, want.name, limit); !slices.Equal(got, want.items) {
					w.Errorf("%s in pages of %d: %q, want %q", path, limit, got, want.items)
				}
			}
		}
		for _, limit := range []string{"0", "-1", "1001", "x", "1.5", "99999999999999999999", "%31%20"} {
			w.get(w.gus, "/admin/v1/accounts/globex/users?limit="+limit).wantCode(400, "invalid_request")
		}
		w.get(w.gus, "/admin/v1/accounts/globex/users?limit=1000&after=").want(200)
		for _, query := range []string{"page=2", "limit=1&limit=2", "Limit=1", "after=a&after=b", "limit=%zz", "a;b"} {
			w.get(w.gus, "/admin/v1/accounts/globex/users?"+query).wantCode(400, "invalid_request")
		}
		if got, _ := w.get(w.ada, "/admin/v1/accounts?after=acme").values("id"); len(got) != 0 {
			w.Errorf("after the only account: %q", got)
		}
	})
}

// pages reads a list to its end, and sees that no page is longer than asked for and only the last has no next.
func (w *world) pages(as caller, path, name string, limit int) (all []string) {
	w.Helper()
	token, after := bearer(as.token(w)), ""
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	for {
		items, next := w.get(token, fmt.Sprintf("%s%slimit=%d&after=%s", path, sign, limit, after)).values(name)
		all = append(all, items...)
		if next == "" {
			return all
		}
		if len(items) != limit || next == after {
			w.Fatalf("%s: %d items on a page of %d, next %q after %q", path, len(items), limit, next, after)
		}
		after = next
	}
}
