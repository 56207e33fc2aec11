package main

import (
	"context"
	"slices"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// sample is the part of the sample data that the demo uses.
type sample struct {
	tenantID string
	clientID string // of Ada, with every scope
	secret   policy.ClientSecret
	member   string // user ID of Grace
}

// The user of the sample data who is an admin, and signs in to the console with a password.
const (
	demoEmail    = "ada@example.com"
	demoPassword = "correct horse"
)

// sampleData fills a store with an account as it might look after some months: two tenants, of which the older one may still use
// passwords, and keys of different ages.
func sampleData(ctx context.Context, service *admin.Service, now time.Time) (sample, error) {
	ago := func(days int) time.Time { return now.Add(-time.Duration(days) * policy.Day) }
	release := func(text string) policy.Release { r, _ := policy.ParseRelease(text); return r }
	b := &bootstrap{service: service, now: ago(80)}
	berlin, ada, err := b.ensure(ctx, bootstrapRequest{
		account: idAndName{"acme", "Acme Corporation"}, tenant: idAndName{"berlin", "Berlin"}, release: release("24.3"),
		email: demoEmail, name: "Ada Lovelace", password: demoPassword,
	})
	if err != nil {
		return sample{}, err
	}
	b.now = ago(79)
	lisbon := berlin
	if lisbon.Tenant, err = b.ensureTenant(ctx, berlin, idAndName{"lisbon", "Lisbon"}, release("23.4")); err != nil {
		return sample{}, err
	}
	own := admin.NewKey{UserID: ada.ID, Label: "Ada's terminal", Scopes: slices.Concat(service.Catalogue, policy.AdministrationScopes())}
	key, secret, err := service.CreateKey(ctx, admin.CommandActor(ago(2)), berlin, own)
	if err != nil {
		return sample{}, err
	}
	grace, err := sampleOwner(ctx, service, berlin, "Grace Hopper", "grace@example.com", "nightly load test", ago(65))
	if err != nil {
		return sample{}, err
	}
	_, err = sampleOwner(ctx, service, lisbon, "Linus Torvalds", "linus@example.com", "build agent", ago(30))
	return sample{berlin.Tenant.ID, key.ClientID, secret, grace}, err
}

// sampleOwner makes a member with one access key, and returns the user ID.
func sampleOwner(
	ctx context.Context, service *admin.Service, in admin.TenantContext, name, email, label string, at time.Time,
) (string, error) {
	actor := admin.CommandActor(at)
	user, err := service.CreateUser(ctx, actor, in, admin.NewUser{Name: name, Email: email})
	if err != nil {
		return "", err
	}
	if _, _, err = service.SetMember(ctx, actor, in, user.ID, policy.RoleMember, admin.IfMatch{}); err != nil {
		return "", err
	}
	_, _, err = service.CreateKey(ctx, actor, in, admin.NewKey{UserID: user.ID, Label: label})
	return user.ID, err
}
