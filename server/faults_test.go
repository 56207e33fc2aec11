package server_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/budgettest"
)

// faultyStore is a real store, one method of which can be made to fail or to panic.
type faultyStore struct {
	store.Store
	mu     sync.Mutex
	method string
	err    error
	panics bool
}

// newFaultyWorld is a world on boltstore in which the store can be made to fail.
func newFaultyWorld(t *testing.T) (*world, *faultyStore) {
	t.Helper()
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	faults := &faultyStore{Store: budgettest.Bolt{Store: opened}}
	return newWorldOn(t, opened, func(o *server.Options) { o.Store = faults }), faults
}

// fail makes the method fail from now on, and no other.
func (s *faultyStore) fail(method string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.method, s.err, s.panics = method, err, false
}

// panicIn makes the method panic from now on.
func (s *faultyStore) panicIn(method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.method, s.panics = method, true
}

func (s *faultyStore) fault(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.method != method {
		return nil
	}
	if s.panics {
		var empty []int
		_ = empty[len(method)]
	}
	return s.err
}

func (s *faultyStore) SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error) {
	if err := s.fault("SubjectByClientID"); err != nil {
		return policy.Subject{}, err
	}
	return s.Store.SubjectByClientID(ctx, clientID)
}

func (s *faultyStore) RecordTraffic(ctx context.Context, counts map[store.TrafficKey]store.TrafficCounts) error {
	if err := s.fault("RecordTraffic"); err != nil {
		return err
	}
	return s.Store.RecordTraffic(ctx, counts)
}

func (s *faultyStore) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	if err := s.fault("Subject"); err != nil {
		return policy.Subject{}, err
	}
	return s.Store.Subject(ctx, tenantID, userID)
}

func (s *faultyStore) UpdateAccount(
	ctx context.Context, id string, change func(policy.Account) (policy.Account, []policy.Event, error),
) error {
	if err := s.fault("UpdateAccount"); err != nil {
		return err
	}
	return s.Store.UpdateAccount(ctx, id, change)
}

func (s *faultyStore) Tenant(ctx context.Context, id string) (policy.Tenant, error) {
	if err := s.fault("Tenant"); err != nil {
		return policy.Tenant{}, err
	}
	return s.Store.Tenant(ctx, id)
}

func (s *faultyStore) Tenants(ctx context.Context, accountID string, page store.Page) ([]policy.Tenant, error) {
	if err := s.fault("Tenants"); err != nil {
		return nil, err
	}
	return s.Store.Tenants(ctx, accountID, page)
}

func (s *faultyStore) TenantsOf(ctx context.Context, accountID, userID string) ([]string, error) {
	if err := s.fault("TenantsOf"); err != nil {
		return nil, err
	}
	return s.Store.TenantsOf(ctx, accountID, userID)
}

func (s *faultyStore) User(ctx context.Context, accountID, id string) (policy.User, error) {
	if err := s.fault("User"); err != nil {
		return policy.User{}, err
	}
	return s.Store.User(ctx, accountID, id)
}

func (s *faultyStore) Users(ctx context.Context, accountID string, page store.Page) ([]policy.User, error) {
	if err := s.fault("Users"); err != nil {
		return nil, err
	}
	return s.Store.Users(ctx, accountID, page)
}

func (s *faultyStore) UsersByID(ctx context.Context, accountID string, ids []string) (map[string]policy.User, error) {
	if err := s.fault("UsersByID"); err != nil {
		return nil, err
	}
	return s.Store.UsersByID(ctx, accountID, ids)
}

func (s *faultyStore) UpdateEphemeral(ctx context.Context, key string, change func([]byte) ([]byte, time.Time, error)) error {
	if err := s.fault("UpdateEphemeral"); err != nil {
		return err
	}
	return s.Store.UpdateEphemeral(ctx, key, change)
}

func (s *faultyStore) UpdateUser(
	ctx context.Context, accountID, id string, change func(policy.User) (policy.User, []policy.Event, error),
) error {
	if err := s.fault("UpdateUser"); err != nil {
		return err
	}
	return s.Store.UpdateUser(ctx, accountID, id, change)
}

func (s *faultyStore) Memberships(ctx context.Context, tenantID string, page store.Page) ([]policy.Membership, error) {
	if err := s.fault("Memberships"); err != nil {
		return nil, err
	}
	return s.Store.Memberships(ctx, tenantID, page)
}

func (s *faultyStore) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	if err := s.fault("UpdateMembership"); err != nil {
		return err
	}
	return s.Store.UpdateMembership(ctx, tenantID, userID, change)
}

func (s *faultyStore) RecordAccess(ctx context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	if err := s.fault("RecordAccess"); err != nil {
		return err
	}
	return s.Store.RecordAccess(ctx, uses)
}

func (s *faultyStore) Accesses(ctx context.Context, tenantID string, clientIDs []string) (map[string]store.KeyAccess, error) {
	if err := s.fault("Accesses"); err != nil {
		return nil, err
	}
	return s.Store.Accesses(ctx, tenantID, clientIDs)
}

func (s *faultyStore) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	if err := s.fault("Events"); err != nil {
		return nil, err
	}
	return s.Store.Events(ctx, accountID, query)
}

func (s *faultyStore) Ping(ctx context.Context) error {
	if err := s.fault("Ping"); err != nil {
		return err
	}
	return s.Store.Ping(ctx)
}
