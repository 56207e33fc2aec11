package usage_test

import (
	"testing"
	"time"

	"mintkey/policy"
)

// Who has left a tenant is dropped from its password logins, and nobody else is.
func TestLoginsForgetWhoLeft(t *testing.T) {
	u, saved, _ := newUsage(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	release, err := policy.ParseRelease("23.4")
	must(err)
	must(saved.CreateAccount(t.Context(), policy.Account{ID: "acme", Name: "Acme", CreatedAt: noon}))
	must(saved.CreateTenant(t.Context(), policy.Tenant{ID: "mill", AccountID: "acme", Name: "Mill", Release: release, CreatedAt: noon}))
	become := func(user string, role policy.Role) {
		t.Helper()
		must(saved.UpdateMembership(t.Context(), "mill", user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRole(role, noon)
			return m, nil, err
		}))
	}
	for _, user := range []string{"pia", "gus"} {
		must(saved.CreateUser(t.Context(), policy.User{ID: user, AccountID: "acme", Name: user, Email: user + "@acme.example", CreatedAt: noon}))
		become(user, policy.RoleMember)
		u.Logins.Note("mill", user, "192.0.2.1", noon)
	}
	u.Flush(t.Context(), noon)
	must(saved.UpdateMembership(t.Context(), "mill", "gus", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = ""
		return m, nil, nil
	}))
	u.Logins.Note("mill", "pia", "192.0.2.1", noon.Add(time.Second))
	u.Flush(t.Context(), noon)
	uses, err := u.Logins.Of(t.Context(), "mill")
	must(err)
	if len(uses) != 1 || uses["pia"].Count != 2 {
		t.Errorf("the tenant has the logins %+v", uses)
	}
}
