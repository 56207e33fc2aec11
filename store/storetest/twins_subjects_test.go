package storetest_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func subjectTwins() []twin {
	return []twin{
		{"client ID leads to its owner", "cuts a client ID at the @", func(s store.Store) store.Store { return cutsClientID{s} }},
		{"client ID unknown", "ignores the case", func(s store.Store) store.Store { return ignoresCase{s} }},
		{"client ID follows the key", "has a stale client index", staleClientIndex},
		{"subject is whole", "leaves the account out", func(s store.Store) store.Store { return withoutAccount{s} }},
		{"subject missing", "makes up the user", func(s store.Store) store.Store { return makesUpSubject{s} }},
		{"subject is never stale", "caches subjects", staleClientIndex},
		{"access times are kept, by tenant", "mixes tenants", func(s store.Store) store.Store { return mixesTenants{s} }},
		{"access time never moves back", "overwrites", func(s store.Store) store.Store { return &lastRecordWins{Store: s} }},
		{"access time leaves the key alone", "rewrites the key", func(s store.Store) store.Store { return rewritesKey{s} }},
	}
}

type cutsClientID struct{ store.Store }

func (b cutsClientID) SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error) {
	clientID, _, _ = strings.Cut(clientID, "@")
	return b.Store.SubjectByClientID(ctx, clientID)
}

type ignoresCase struct{ store.Store }

func (b ignoresCase) SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error) {
	return b.Store.SubjectByClientID(ctx, strings.ToLower(clientID))
}

// cachedSubjects is never invalidated.
type cachedSubjects struct {
	store.Store
	found map[string]policy.Subject
}

func staleClientIndex(s store.Store) store.Store {
	cache := cachedSubjects{s, map[string]policy.Subject{}}
	return warmed{cache}
}

// warmed looks each key up once it is made, as its first request for a token would.
type warmed struct{ cachedSubjects }

func (b warmed) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	if err := b.Store.UpdateMembership(ctx, tenantID, userID, change); err != nil {
		return err
	}
	m, err := b.Membership(ctx, tenantID, userID)
	if err != nil {
		return unless(err, store.ErrNotFound)
	}
	for _, key := range m.Keys {
		_, err = b.SubjectByClientID(ctx, key.ClientID)
	}
	return err
}

func (b cachedSubjects) SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error) {
	if s, ok := b.found[clientID]; ok {
		return s, nil
	}
	s, err := b.Store.SubjectByClientID(ctx, clientID)
	if err == nil {
		b.found[clientID] = s
	}
	return s, err
}

type withoutAccount struct{ store.Store }

func (b withoutAccount) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	s, err := b.Store.Subject(ctx, tenantID, userID)
	s.Account = policy.Account{}
	return s, err
}

type makesUpSubject struct{ store.Store }

func (b makesUpSubject) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	s, err := b.Store.Subject(ctx, tenantID, userID)
	if errors.Is(err, store.ErrNotFound) {
		s.Membership, err = b.Membership(ctx, tenantID, userID)
	}
	return s, err
}

type mixesTenants struct{ store.Store }

func (b mixesTenants) AccessTimes(ctx context.Context, tenantID string, clientIDs []string) (map[string]time.Time, error) {
	times, err := b.Store.AccessTimes(ctx, tenantID, clientIDs)
	if err != nil || tenantID == "perf" {
		return times, err
	}
	foreign, err := b.Store.AccessTimes(ctx, "perf", clientIDs)
	maps.Copy(times, foreign)
	return times, err
}

type lastRecordWins struct {
	store.Store
	times map[string]time.Time
}

func (b *lastRecordWins) RecordAccess(_ context.Context, times map[store.KeyRef]time.Time) error {
	b.times = map[string]time.Time{}
	for ref, at := range times {
		b.times[ref.ClientID] = at
	}
	return nil
}

func (b *lastRecordWins) AccessTimes(context.Context, string, []string) (map[string]time.Time, error) {
	return b.times, nil
}

// rewritesKey is the public incident of 2023: the update of "last used" emptied the secret.
type rewritesKey struct{ store.Store }

func (b rewritesKey) RecordAccess(ctx context.Context, times map[store.KeyRef]time.Time) error {
	for ref := range times {
		s, err := b.SubjectByClientID(ctx, ref.ClientID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		withoutSecrets := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			for i := range m.Keys {
				m.Keys[i].Secrets = nil
			}
			return m, nil, nil
		}
		err = errors.Join(err, b.UpdateMembership(ctx, ref.TenantID, s.User.ID, withoutSecrets))
		if err != nil {
			return err
		}
	}
	return b.Store.RecordAccess(ctx, times)
}
