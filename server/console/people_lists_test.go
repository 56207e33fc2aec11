package console_test

import (
	"strings"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
)

// before fails the test unless the page names these in this order.
func (p page) before(texts ...string) {
	p.Helper()
	at := 0
	for _, text := range texts {
		i := strings.Index(p.text()[at:], text)
		if i < 0 {
			p.Fatalf("%s does not name %q in that order: %s", p.what, texts, p.text())
		}
		at += i
	}
}

func TestListOfUsers(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		_, _ = h.key("berlin", "grace", "", 1)
		_, _ = h.key("lisbon", "grace", "", 1)
		_, _ = h.key("berlin", "linus", "", 1)
		h.as("tom")
		h.advance(60e9)
		ada := h.as("ada")
		ada.get("/console/users").says("1–5 of 5 users").before("Ada Lovelace", "Grace Hopper", "Hal Abelson", "Linus Torvalds", "Tom Kilburn")
		ada.get("/console/users?sort=-keys").before("Grace Hopper", "2", "Linus Torvalds", "1", "Ada Lovelace")
		ada.get("/console/users?sort=-last_sign_in").before("Ada Lovelace", "just now", "Tom Kilburn", "1 minute ago", "Grace Hopper", "Never")
		ada.get("/console/users?state=disabled").says("1–1 of 1 user", "Hal Abelson")
		ada.get("/console/users?state=never").says("1–3 of 3 users")
		ada.get("/console/users?role=account_admin").says("1–1 of 1 user", "Ada Lovelace")
		ada.get("/console/users?role=operator").says("No user matches", "Nobody fits the filter", "Clear the filter")
		ada.get("/console/users?tenant=lisbon&sort=-keys").says("Members of Lisbon", "1–2 of 2 users").
			before("Grace Hopper", "1", "Tom Kilburn", "0")
		ada.get("/console/users?tenant=berlin&role=tenant_admin").says("1–2 of 2 users", "Ada Lovelace", "Tom Kilburn")
		ada.get("/console/users?q=hopper+ACME").says("1–1 of 1 user")
		ada.get("/console/users?page=7").says("1–5 of 5 users")
		for query, says := range map[string]string{
			"state=x": "no state “x”", "sort=x": "no order “x”", "role=tenant_admin": "no role “tenant_admin”", "tenant=rome": "no tenant “rome”",
			"tenant=nowhere": "no tenant “nowhere”",
		} {
			ada.get("/console/users?" + query).want(400).says(says)
		}
	})
}

// A sign-in changes no tag, so nobody's form is out of date because of one.
func TestASignInChangesNoTag(t *testing.T) {
	h := newHarness(t)
	before, err := h.store.User(t.Context(), "acme", "tom")
	h.must(err)
	h.as("tom")
	after, err := h.store.User(t.Context(), "acme", "tom")
	h.must(err)
	if admin.UserTag(before) != admin.UserTag(after) || !after.LastSignInAt.Equal(start) {
		t.Errorf("the last sign-in is %s, and the tag has changed: %t", after.LastSignInAt, admin.UserTag(before) != admin.UserTag(after))
	}
}

// An operator finds every account, sees what it has, and enters it; nobody else does.
func TestOperatorsFindAndEnterAccounts(t *testing.T) {
	onEachStore(t, func(t *testing.T, h *harness) {
		h.user("acme", "olga", "Olga", policy.RoleOperator)
		h.member("berlin", "olga", policy.RoleMember)
		h.must(h.store.CreateAccount(t.Context(), policy.Account{ID: "zero", Name: "Zéro SA", CreatedAt: start}))
		_, _ = h.key("berlin", "grace", "", 1)
		olga := h.as("olga")
		olga.get("/console/accounts").says("Acme Corporation Current acme 3 6 1", "Rival Ltd rival 1 1 0", "1–3 of 3 accounts")
		olga.get("/console/accounts?q=ZERO").says("1–1 of 1 account")
		olga.get("/console/accounts?q=nobody").says("No account matches", "Clear the filter")
		olga.get("/console/accounts/rival").leadsTo("/console/tenants/rome/keys")
		olga.get("/console/tenants/rome/keys").want(200).says("Rival Ltd")
		olga.get("/console/users").says("Rita Levi-Montalcini").saysNot("Grace Hopper")
		olga.get("/console/accounts/zero").leadsTo("/console/tenants")
		olga.get("/console/tenants").says("Zéro SA", "No tenant yet")
		olga.get("/console").leadsTo("/console/tenants")
		olga.post("/console/tenants/new", form{"name": {"First"}, "id": {"first"}, "release": {"25.1"}, "in_account": {"zero"}}).
			leadsTo("/console/tenants")
		olga.get("/console/tenants").says("First", "Zéro SA")
		olga.get("/console/tenants/berlin/keys").says("Acme Corporation")
		olga.get("/console/users").says("Grace Hopper")
		olga.get("/console/accounts/nowhere").want(404)
		for _, who := range []string{"ada", "tom", "grace"} {
			other := h.as(who)
			other.get("/console/accounts").want(403)
			other.get("/console/accounts/rival").want(403)
		}
	})
}
