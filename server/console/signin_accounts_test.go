package console_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// namesake makes an account with a user of Ada's address, who may have a password.
func (h *harness) namesake(account, hash string) {
	h.Helper()
	h.must(h.store.CreateAccount(h.Context(), policy.Account{ID: account, Name: strings.ToUpper(account), CreatedAt: start}))
	h.must(h.store.CreateUser(h.Context(), policy.User{
		ID: "of-" + account, AccountID: account, Name: account, Email: "Ada@acme.example", PasswordHash: hash, CreatedAt: start,
		Roles: []policy.Role{policy.RoleAccountAdmin},
	}))
}

func (h *harness) otherHash() string {
	h.Helper()
	hash, err := h.hasher.Hash(h.Context(), "quite another one")
	h.must(err)
	return hash
}

// Admins of other accounts may give their users any address. That shuts nobody out.
func TestNamesakesShutNobodyOut(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		hash := h.otherHash()
		for i := range 5 {
			h.namesake(fmt.Sprint("aaa", i), hash)
		}
		v := h.visitor()
		v.post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}}).want(303)
		v.get("/console/account").want(200).says("Ada Lovelace")
	})
}

// Beyond what one request may hash, the account has to be named; then nobody else is in the way.
func TestVeryManyNamesakes(t *testing.T) {
	h := newHarness(t)
	hash := h.otherHash()
	for i := range 20 {
		h.namesake(fmt.Sprintf("aaa%02d", i), hash)
	}
	before := h.hasher.Hashed()
	p := h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}}).want(409).says("Several accounts")
	if !strings.Contains(p.body, `<input id="account" name="account"`) || strings.Contains(p.body, "AAA") {
		t.Errorf("the page does not ask for the account alone: %s", p.body)
	}
	if hashed := h.hasher.Hashed() - before; hashed > 0 {
		t.Errorf("%d passwords were checked before the account was asked for", hashed)
	}
	v := h.visitor()
	v.post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}, "account": {"acme"}}).want(303)
}

// Somebody with the same password in two accounts is asked which one is meant, by name.
func TestSamePasswordInTwoAccounts(t *testing.T) {
	h := newHarness(t)
	hash, err := passwordHash()
	h.must(err)
	h.namesake("aaa", hash)
	h.namesake("bbb", h.otherHash())
	p := h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}}).want(409).
		says("Acme Corporation (acme)", "AAA (aaa)")
	if !strings.Contains(p.body, `<select id="account" name="account"`) || strings.Contains(p.body, "BBB") {
		t.Errorf("the page does not let choose between the accounts that the password fits: %s", p.body)
	}
	v := h.visitor()
	v.post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}, "account": {"acme"}}).want(303)
	v.get("/console/account").want(200).says("Ada Lovelace")
}

// Guesses at a namesake use up that one's budget, and nobody else's.
func TestGuessesAtANamesake(t *testing.T) {
	h := newHarness(t)
	h.namesake("aaa", h.otherHash())
	guess := func() int {
		return h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {"wrong"}, "account": {"aaa"}}).status
	}
	for guesses := 0; guess() != 429; guesses++ {
		if guesses > 100 {
			t.Fatal("guesses are not slowed")
		}
	}
	h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}}).want(303)
}

// An admin of another account who gives a user there Ada's address, and the passwords to try, guesses at Ada no faster than anybody else.
func TestGuessesThatFitANamesake(t *testing.T) {
	h := newHarness(t)
	h.namesake("aaa", h.otherHash())
	h.tenant("aaa", "aaa-1", "A", "24.3")
	h.member("aaa-1", "of-aaa", policy.RoleTenantAdmin)
	guess := func() {
		h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {"quite another one"}}).want(303)
	}
	for range 12 {
		guess()
	}
	h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}, "account": {"acme"}}).want(429)
}

// countingReads counts what a sign-in asks of the store for each account there is.
type countingReads struct {
	store.Store

	byEmail, accounts atomic.Int64
}

func (c *countingReads) UserByEmail(ctx context.Context, accountID, email string) (policy.User, error) {
	c.byEmail.Add(1)
	return c.Store.UserByEmail(ctx, accountID, email)
}

func (c *countingReads) Accounts(ctx context.Context, page store.Page) ([]policy.Account, error) {
	found, err := c.Store.Accounts(ctx, page)
	c.accounts.Add(int64(len(found)))
	return found, err
}

// What a sign-in, or the wish for a link, costs does not grow with the number of accounts.
func TestSignInDoesNotWalkTheAccounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	opened, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	counting := &countingReads{Store: opened}
	h := newHarnessOn(t, counting, path)
	for i := range 300 {
		h.must(h.store.CreateAccount(t.Context(), policy.Account{ID: fmt.Sprint("aaa", i), Name: "A", CreatedAt: start}))
	}
	counting.byEmail.Store(0)
	counting.accounts.Store(0)
	h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}}).want(303)
	h.visitor().post("/console/sign-in", form{"email": {"nobody@acme.example"}, "password": {password}}).want(401)
	if n, m := counting.byEmail.Load(), counting.accounts.Load(); n > 2 || m > 10 {
		t.Errorf("%d addresses and %d accounts were read for two sign-ins", n, m)
	}
}
