package storetest_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func subjectTwins() []twin {
	accesses := &sync.Map{} // of all connections
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
		{"access has address and secrets", "keeps times only", func(s store.Store) store.Store { return knowsTimesOnly{s} }},
		{
			"accesses that servers record at once are merged", "replaces what others recorded",
			func(s store.Store) store.Store { return keepsOneRecord{s, accesses} },
		},
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

func (b *lastRecordWins) RecordAccess(_ context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	b.times = map[string]time.Time{}
	for ref, use := range uses {
		b.times[ref.ClientID] = use.At
	}
	return nil
}

func (b *lastRecordWins) AccessTimes(context.Context, string, []string) (map[string]time.Time, error) {
	return b.times, nil
}

// rewritesKey is the public incident of 2023: the update of "last used" emptied the secret.
type rewritesKey struct{ store.Store }

// knowsTimesOnly is a store of before addresses and secrets were kept.
type knowsTimesOnly struct{ store.Store }

func (b knowsTimesOnly) RecordAccess(ctx context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	times := map[store.KeyRef]store.KeyAccess{}
	for ref, use := range uses {
		times[ref] = store.KeyAccess{At: use.At}
	}
	return b.Store.RecordAccess(ctx, times)
}

// keepsOneRecord replaces what is known of a key by what it is given.
type keepsOneRecord struct {
	store.Store
	saved *sync.Map
}

func (b keepsOneRecord) RecordAccess(_ context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	for ref, use := range uses {
		b.saved.Store(ref.ClientID, use)
	}
	return nil
}

func (b keepsOneRecord) Accesses(_ context.Context, _ string, clientIDs []string) (map[string]store.KeyAccess, error) {
	saved, _ := b.saved.Load(clientIDs[0])
	use, _ := saved.(store.KeyAccess)
	return map[string]store.KeyAccess{clientIDs[0]: use}, nil
}

func (b rewritesKey) RecordAccess(ctx context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	for ref := range uses {
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
	return b.Store.RecordAccess(ctx, uses)
}
