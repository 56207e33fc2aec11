package usage_test

import (
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

// newMill makes the tenant mill, and returns what makes a user a member of it.
func newMill(t *testing.T, saved *broken) (join func(user string)) {
	t.Helper()
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
	return func(user string) {
		t.Helper()
		must(saved.CreateUser(t.Context(), policy.User{ID: user, AccountID: "acme", Name: user, Email: user + "@acme.example", CreatedAt: noon}))
		must(saved.UpdateMembership(t.Context(), "mill", user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRole(policy.RoleMember, noon)
			return m, nil, err
		}))
	}
}

// Who has left a tenant is not among its password logins, and is forgotten when somebody new comes. What is saved of those who are known
// reads no member.
func TestLoginsForgetWhoLeft(t *testing.T) {
	u, saved, log := newUsage(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	become := newMill(t, saved)
	join := func(user string) {
		t.Helper()
		become(user)
		u.Logins.Note("mill", user, "192.0.2.1", noon)
	}
	join("pia")
	join("gus")
	u.Flush(t.Context(), noon)
	must(saved.UpdateMembership(t.Context(), "mill", "gus", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = ""
		return m, nil, nil
	}))
	before := saved.members
	u.Logins.Note("mill", "pia", "192.0.2.1", noon.Add(time.Second))
	u.Flush(t.Context(), noon)
	if saved.members != before {
		t.Error("saving the use of somebody who is known reads members")
	}
	uses, err := u.Logins.Of(t.Context(), "mill")
	must(err)
	if len(uses) != 1 || uses["pia"].Count != 2 {
		t.Errorf("the tenant has the logins %+v", uses)
	}
	has := func() string {
		t.Helper()
		document, err := saved.Document(t.Context(), "password-logins-mill")
		must(err)
		return string(document)
	}
	if !strings.Contains(has(), "gus") {
		t.Fatalf("the document of this test is another one: %s", has())
	}
	join("zoe")
	u.Flush(t.Context(), noon)
	if text := has(); strings.Contains(text, "gus") || !strings.Contains(text, "pia") || !strings.Contains(text, "zoe") {
		t.Errorf("the document has %s", text)
	}
	if log.Len() > 0 {
		t.Errorf("logged %s", log)
	}
}
