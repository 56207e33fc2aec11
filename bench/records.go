package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

// seeding writes the records, by number. Its methods may be called from many goroutines.
type seeding struct {
	store   store.Store
	indexes *tokens.StatusIndexes
	size    size
	now     time.Time

	mu    sync.Mutex
	shown []seeded
}

func (s *seeding) users() int { return (s.size.keys + policy.MaxKeys - 1) / policy.MaxKeys }

func accountID(i int) string { return fmt.Sprintf("account-%d", i) }
func tenantID(i int) string  { return fmt.Sprintf("tenant-%d", i) }
func userID(i int) string    { return fmt.Sprintf("user-%d", i) }

func (s *seeding) accountOf(tenant int) string { return accountID(tenant % s.size.accounts) }

// made takes what an attempt before has made, whose answer was lost. The store was empty.
func made(err error) error {
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

func (s *seeding) account(ctx context.Context, i int) error {
	return made(s.store.CreateAccount(ctx, policy.Account{
		ID: accountID(i), Name: fmt.Sprintf("Account %d", i), CreatedAt: s.begin(), Expiration: policy.DefaultExpirationPolicy(s.begin()),
	}))
}

func (s *seeding) tenant(ctx context.Context, i int) error {
	release, err := policy.ParseRelease("24.3")
	if err != nil {
		return err
	}
	return made(s.store.CreateTenant(ctx, policy.Tenant{
		ID: tenantID(i), AccountID: s.accountOf(i), Name: fmt.Sprintf("Tenant %d", i), Release: release, CreatedAt: s.begin(),
	}))
}

func (s *seeding) user(ctx context.Context, i int) error {
	tenant := i % s.size.tenants
	err := made(s.store.CreateUser(ctx, policy.User{
		ID: userID(i), AccountID: s.accountOf(tenant), Name: fmt.Sprintf("User %d", i), Email: fmt.Sprintf("user-%d@example.com", i),
		Kind: policy.KindPerson, Generation: rand.Text(), CreatedAt: s.begin(),
	}))
	if err != nil {
		return err
	}
	var keys []policy.AccessKey
	for number := i * policy.MaxKeys; number < min((i+1)*policy.MaxKeys, s.size.keys); number++ {
		key, err := s.key(ctx, number, tenant)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	return s.store.UpdateMembership(ctx, tenantID(tenant), userID(i),
		func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRole(policy.RoleMember, s.begin())
			m.Keys = keys
			return m, s.events(m), err
		})
}

// events are what the audit trail tells of the keys of a membership.
func (s *seeding) events(m policy.Membership) (events []policy.Event) {
	if !s.size.events {
		return nil
	}
	for _, key := range m.Keys {
		var random [10]byte
		_, _ = rand.Read(random[:]) // never fails
		events = append(events, policy.Event{
			ID: policy.NewEventID(key.CreatedAt, random), At: key.CreatedAt, Action: policy.ActionKeyCreated,
			Actor: policy.Actor{UserID: m.UserID, Via: "console"}, AccountID: m.AccountID, TenantID: m.TenantID, UserID: m.UserID,
			ClientID: key.ClientID,
		})
	}
	return events
}

// months is how long ago the oldest key was issued.
const months = 60 * policy.Day

// key makes an access key. Keys were issued evenly over the last two months, one after the other, so that some expire soon.
func (s *seeding) key(ctx context.Context, number, tenant int) (policy.AccessKey, error) {
	index, err := s.indexes.Next(ctx)
	if err != nil {
		return policy.AccessKey{}, err
	}
	var forID [16]byte
	var forSecret [32]byte
	_, _ = rand.Read(forID[:]) // never fails
	_, _ = rand.Read(forSecret[:])
	id, secret := policy.NewClientID(forID, "mk_", ""), policy.NewClientSecret(forSecret)
	issued := s.now.Add(-months / time.Duration(s.size.keys) * time.Duration(s.size.keys-number)) // in this order, which does not overflow
	if every := max(s.size.keys/max(s.size.show, 1), 1); number%every == 0 {
		s.mu.Lock()
		s.shown = append(s.shown, seeded{id, secret.Reveal(), tenantID(tenant), s.accountOf(tenant)})
		s.mu.Unlock()
	}
	return policy.AccessKey{
		ClientID: id, Scopes: []string{"api"}, CreatedAt: issued, Label: fmt.Sprintf("key %d", number),
		Secrets: []policy.Secret{{Digest: secret.Digest(), IssuedAt: issued, StatusIndex: index}},
		Ceiling: policy.RoleMember,
	}, nil
}

// begin is when the accounts were made: before any key.
func (s *seeding) begin() time.Time { return s.now.Add(-61 * policy.Day) }
