package redisstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// seed makes account acme with tenant build and user ada, who is a member without keys.
func seed(t testing.TB, s store.Store) {
	t.Helper()
	ctx := t.Context()
	account := policy.Account{ID: "acme", Name: "Acme", CreatedAt: epoch, Expiration: policy.DefaultExpirationPolicy(epoch)}
	for _, err := range []error{
		s.CreateAccount(ctx, account),
		s.CreateTenant(ctx, tenant(t, "build")),
		s.CreateUser(ctx, ada("acme")),
		s.UpdateMembership(ctx, "build", "ada", join),
	} {
		if err != nil {
			t.Fatalf("seed: %v", err)
		}
	}
}

func tenant(t testing.TB, id string) policy.Tenant {
	t.Helper()
	release, err := policy.ParseRelease("24.3")
	if err != nil {
		t.Fatal(err)
	}
	return policy.Tenant{ID: id, AccountID: "acme", Name: "Tenant " + id, Release: release, CreatedAt: epoch}
}

func ada(accountID string) policy.User {
	return policy.User{ID: "ada", AccountID: accountID, Name: "Ada", Email: "ada@example.com", CreatedAt: epoch}
}

func join(m policy.Membership) (policy.Membership, []policy.Event, error) {
	m, err := m.WithRole(policy.RoleMember, epoch)
	return m, nil, err
}

func addKey(clientID string) store.MembershipChange {
	return func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		key := policy.AccessKey{
			ClientID: clientID, Scopes: []string{"api"}, CreatedAt: epoch, Secrets: []policy.Secret{{IssuedAt: epoch}},
		}
		m, err := m.WithKey(key, policy.DefaultExpirationPolicy(epoch), epoch)
		return m, []policy.Event{event(clientID, policy.ActionKeyCreated)}, err
	}
}

func revoke(clientID string) store.MembershipChange {
	return func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithoutKey(clientID)
		return m, []policy.Event{event(clientID, policy.ActionKeyRevoked)}, err
	}
}

func event(clientID string, action policy.Action) policy.Event {
	return policy.Event{
		ID: fmt.Sprintf("%012x-%s-%s", epoch.UnixMilli(), clientID, action), At: epoch, Action: action,
		AccountID: "acme", TenantID: "build", UserID: "ada", ClientID: clientID,
	}
}

func update(ctx context.Context, s store.Store, edit store.MembershipChange) error {
	return s.UpdateMembership(ctx, "build", "ada", edit)
}

func mustUpdate(t testing.TB, s store.Store, edit store.MembershipChange) {
	t.Helper()
	if err := update(t.Context(), s, edit); err != nil {
		t.Fatal(err)
	}
}

// works says whether the access key opens its subject.
func works(t testing.TB, s store.Store, clientID string) error {
	t.Helper()
	_, err := s.SubjectByClientID(t.Context(), clientID)
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
