package main_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	main "mintkey/cmd/mintkey"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

var errCutShort = errors.New("cut short")

// cutShort is a store that fails after some changes.
type cutShort struct {
	store.Store

	left int
}

func (s *cutShort) change(do func() error) error {
	if s.left == 0 {
		return errCutShort
	}
	s.left--
	return do()
}

func (s *cutShort) CreateAccount(ctx context.Context, a policy.Account, events ...policy.Event) error {
	return s.change(func() error { return s.Store.CreateAccount(ctx, a, events...) })
}

func (s *cutShort) CreateTenant(ctx context.Context, t policy.Tenant, events ...policy.Event) error {
	return s.change(func() error { return s.Store.CreateTenant(ctx, t, events...) })
}

func (s *cutShort) CreateUser(ctx context.Context, u policy.User, events ...policy.Event) error {
	return s.change(func() error { return s.Store.CreateUser(ctx, u, events...) })
}

func (s *cutShort) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return s.change(func() error { return s.Store.UpdateMembership(ctx, tenantID, userID, change) })
}

// An init that was cut short between any two of its five changes is finished by the next one, which makes nothing twice.
func TestInitCanBeRepeated(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for changes := range 5 {
		s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = main.InitAcme(t.Context(), &cutShort{s, changes}, now)
		if !errors.Is(err, errCutShort) {
			t.Fatalf("after %d changes: %v", changes, err)
		}
		if advises := strings.Contains(err.Error(), "run the same command again"); advises != (changes > 0) {
			t.Errorf("after %d changes: %v", changes, err)
		}
		clientID, err := main.InitAcme(t.Context(), s, now)
		if err != nil {
			t.Fatalf("the second time, after %d changes: %v", changes, err)
		}
		if diff := cmp.Diff(wholeTrail(), trailOf(t, s, clientID)); diff != "" {
			t.Errorf("audit trail after %d changes (-want +got):\n%s", changes, diff)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func wholeTrail() []policy.Action {
	return []policy.Action{
		policy.ActionKeyCreated, policy.ActionMemberAdded, policy.ActionUserCreated, policy.ActionTenantCreated, policy.ActionAccountCreated,
	}
}

// trailOf is the actions in the audit trail, newest first, all of which a command has done.
func trailOf(t *testing.T, s store.Store, clientID string) []policy.Action {
	t.Helper()
	owner, err := s.SubjectByClientID(t.Context(), clientID)
	if err != nil || owner.Authority() != policy.AuthorityOperator || owner.Membership.Role != policy.RoleTenantAdmin {
		t.Errorf("the owner is %+v (%v)", owner, err)
	}
	events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	found := map[policy.Action]int{}
	for _, event := range events {
		found[event.Action]++
		if diff := cmp.Diff(policy.Actor{Via: "command"}, event.Actor); diff != "" {
			t.Errorf("actor (-want +got):\n%s", diff)
		}
	}
	var actions []policy.Action
	for _, action := range wholeTrail() {
		for range found[action] {
			actions = append(actions, action)
		}
	}
	if len(actions) != len(events) {
		t.Errorf("other events among %v", events)
	}
	return actions
}
