package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mintkey/policy"
	"mintkey/store"
)

// The names that most cases use.
const (
	acme  = "acme"
	other = "umbrella"
	load  = "load"
	ada   = "ada"
	bob   = "bob"
)

// day is a point in time, n days after an arbitrary start, to the nanosecond.
func day(n int) time.Time {
	return time.Date(2026, time.March, 1+n, 12, 30, 15, 123456789, time.UTC)
}

func account(id string) policy.Account {
	expiration := policy.DefaultExpirationPolicy(day(0))
	expiration = append(expiration, policy.Revision{At: day(3), Enabled: true, PeriodDays: 360})
	return policy.Account{ID: id, Name: "The " + id + " company", CreatedAt: day(0), Expiration: expiration}
}

func tenant(t testing.TB, accountID, id string) policy.Tenant {
	t.Helper()
	release, err := policy.ParseRelease("2023.4")
	check(t, err)
	return policy.Tenant{ID: id, AccountID: accountID, Name: "Tenant " + id, Release: release, CreatedAt: day(1)}
}

func user(accountID, id string) policy.User {
	return policy.User{
		ID: id, AccountID: accountID, Name: "User " + id, Email: id + "@example.com",
		Roles: []policy.Role{policy.RoleOperator, policy.RoleAccountAdmin}, PasswordHash: "$argon2id$", CreatedAt: day(1),
	}
}

// accessKey has two secrets, as during an overlap.
func accessKey(clientID string) policy.AccessKey {
	return policy.AccessKey{
		ClientID: clientID, Label: "nightly build", Scopes: []string{"api", policy.ScopeSelf}, CreatedAt: day(2),
		Secrets: []policy.Secret{
			{Digest: policy.ClientSecretFromRequest("new " + clientID).Digest(), IssuedAt: day(4)},
			{Digest: policy.ClientSecretFromRequest("old " + clientID).Digest(), IssuedAt: day(2), EndsAt: day(5)},
		},
	}
}

// membership is one in a tenant of acme.
func membership(tenantID, userID string, clientIDs ...string) policy.Membership {
	m := policy.Membership{AccountID: acme, TenantID: tenantID, UserID: userID, Role: policy.RoleMember, JoinedAt: day(1)}
	for _, id := range clientIDs {
		m.Keys = append(m.Keys, accessKey(id))
	}
	return m
}

// event is the nth event of the account, on day n.
func event(accountID, tenantID string, n int) policy.Event {
	return policy.Event{
		ID: policy.NewEventID(day(n), [10]byte{byte(n)}), At: day(n), Action: policy.ActionKeyCreated,
		Actor:     policy.Actor{UserID: bob, Via: "api", Address: "192.0.2.7", RequestID: fmt.Sprint("request-", n)},
		AccountID: accountID, TenantID: tenantID, UserID: ada, ClientID: "mk_1",
		Details: map[string]string{"label": "nightly build"},
		Payload: policy.Payload{
			Revoked: &policy.RevokedTokens{StatusIndexes: []uint64{1, 1<<53 + 1}}, Notice: &policy.Notice{DaysBefore: 7, ExpiresAt: day(9)},
			Key: &policy.KeyFacts{Label: "nightly build", PickUp: true}, Password: &policy.PasswordChange{ByLink: true},
		},
	}
}

// settle makes the account with a tenant "load" and a user "ada".
func settle(t testing.TB, s store.Store) {
	t.Helper()
	check(t, s.CreateAccount(t.Context(), account(acme)))
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, load)))
	check(t, s.CreateUser(t.Context(), user(acme, ada)))
}

// admit makes the user of a membership unless there is one: nobody else can have memberships.
func admit(t testing.TB, s store.Store, accountID, id string) {
	t.Helper()
	if _, err := s.User(t.Context(), accountID, id); errors.Is(err, store.ErrNotFound) {
		check(t, s.CreateUser(t.Context(), user(accountID, id)))
	}
}

// put saves the membership as it is given.
func put(t testing.TB, s store.Store, m policy.Membership, events ...policy.Event) {
	t.Helper()
	admit(t, s, m.AccountID, m.UserID)
	err := s.UpdateMembership(t.Context(), m.TenantID, m.UserID, func(policy.Membership) (policy.Membership, []policy.Event, error) {
		return m, events, nil
	})
	check(t, err)
}

// remove ends the membership.
func remove(t testing.TB, s store.Store, tenantID, userID string) {
	t.Helper()
	err := s.UpdateMembership(t.Context(), tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, _ = m.Removed()
		return m, nil, nil
	})
	check(t, err)
}

// errRefused is what the changes of the cases fail with.
var errRefused = errors.New("refused by the change")

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func wantError(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error is %v, want %v", got, want)
	}
}

// wantRefused checks that the error of a change came back as it was, not wrapped.
func wantRefused(t testing.TB, got error) {
	t.Helper()
	if got != errRefused { //nolint:errorlint // that it is the same error is the promise
		t.Errorf("error is %v, want exactly %v", got, errRefused)
	}
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	sameRelease := cmp.Comparer(func(a, b policy.Release) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), sameRelease); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
