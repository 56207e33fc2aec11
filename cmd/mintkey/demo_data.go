package main

import (
	"context"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
)

// sample is what the demo needs to know of its data.
type sample struct {
	admin  founded // Ada, with every administration scope
	member string  // user ID of Grace
}

// sampleData fills a store with an account as it looks after some months: two tenants, of which the older one may still use
// passwords, and keys of several ages.
func sampleData(ctx context.Context, s store.Store, now time.Time) (sample, error) {
	hasher := passwords.NewHasher(passwords.Options{})
	ago := func(days int) founder {
		return founder{store: s, hasher: hasher, now: now.Add(-time.Duration(days) * policy.Day), prefix: "mk_"}
	}
	release := func(text string) policy.Release { r, _ := policy.ParseRelease(text); return r }
	ada := founding{
		account: named{"acme", "Acme Corporation"}, tenant: named{"berlin", "Berlin"}, release: release("24.3"), email: "ada@example.com", name: "Ada Lovelace", password: "correct horse",
	}
	admin, err := ago(80).ensure(ctx, ada)
	if err != nil {
		return sample{}, err
	}
	if admin.clientID, admin.secret, err = ago(2).createKey(ctx, admin, policy.AdministrationScopes(), "Ada's terminal"); err != nil {
		return sample{}, err
	}
	lisbon := founded{accountID: admin.accountID}
	if lisbon.tenantID, err = ago(79).ensureTenant(ctx, admin.accountID, named{"lisbon", "Lisbon"}, release("23.4")); err != nil {
		return sample{}, err
	}
	grace, err := ago(70).sampleMember(ctx, admin, "grace@example.com", "Grace Hopper")
	if err != nil {
		return sample{}, err
	}
	if _, _, err = ago(65).createKey(ctx, grace, []string{"api"}, "nightly load test"); err != nil {
		return sample{}, err
	}
	linus, err := ago(30).sampleMember(ctx, lisbon, "linus@example.com", "Linus Torvalds")
	if err != nil {
		return sample{}, err
	}
	_, _, err = ago(30).createKey(ctx, linus, []string{"api"}, "build agent")
	return sample{admin, grace.userID}, err
}

func (f founder) sampleMember(ctx context.Context, at founded, email, name string) (founded, error) {
	var err error
	if at.userID, err = f.createUser(ctx, at.accountID, founding{email: email, name: name}, nil); err != nil {
		return at, err
	}
	return at, f.ensureMember(ctx, at, policy.RoleMember)
}
