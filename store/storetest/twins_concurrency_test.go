package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func concurrencyTwins() []twin {
	overwrites := meetingIn(func(s store.Store, m meeting) store.Store { return overwritesMembership{s, m} })
	overwritesDoc := meetingIn(func(s store.Store, m meeting) store.Store { return overwritesDocument{s, m} })
	looks := meetingIn(func(s store.Store, m meeting) store.Store { return looksFirst{s, m} })
	return []twin{
		{"race of 12 creates leaves two keys", "overwrites instead of swapping", overwrites()},
		{"race of 100 creates leaves two keys", "overwrites instead of swapping", overwrites()},
		{"race of 12 creates leaves two keys", "loses events", func(s store.Store) store.Store { return losesEvent{s} }},
		{"race of 12 repeats takes one slot", "overwrites instead of swapping", overwrites()},
		{"race of 12 repeats takes one slot", "forgets requests", func(s store.Store) store.Store { return forgetsRetries{s} }},
		{"race for IDs and addresses has one winner", "looks before it writes", looks()},
		{"race of increments loses none", "overwrites instead of swapping", overwritesDoc()},
		{"conflict gives up", "tries for ever", func(s store.Store) store.Store { return swapping{s, math.MaxInt} }},
		{"conflict gives up", "overwrites instead of swapping", overwritesDoc()},
		{"cancelled reads", "reads on", func(s store.Store) store.Store { return readsOn{s} }},
		{"cancelled writes", "writes on", func(s store.Store) store.Store { return writesOn{s} }},
		{"other connection finds everything", "keeps documents to itself", func(s store.Store) store.Store { return &keepsToItself{Store: s} }},
		{"reopening finds everything", "loses what it has not flushed", func(s store.Store) store.Store { return &lastRecordWins{Store: s} }},
	}
}

// swapping is a good twin: it changes documents as a store does that many processes share, by compare-and-swap.
type swapping struct {
	store.Store
	attempts int
}

var errChanged = errors.New("changed meanwhile")

func (s swapping) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	for range s.attempts {
		before, err := s.Document(ctx, name)
		if unless(err, store.ErrNotFound) != nil {
			return err
		}
		after, err := change(bytes.Clone(before))
		if err != nil {
			return err
		}
		err = s.Store.UpdateDocument(ctx, name, func(now []byte) ([]byte, error) {
			if !bytes.Equal(before, now) {
				return nil, errChanged
			}
			return after, nil
		})
		if !errors.Is(err, errChanged) {
			return err
		}
	}
	return store.ErrConflict
}

// meeting makes two who race meet between reading and writing, so that a store that is open to the race loses it each
// time. Who is alone goes on after a while.
type meeting chan struct{}

func (m meeting) wait() {
	select {
	case m <- struct{}{}:
	case <-m:
	case <-time.After(100 * time.Millisecond):
	}
}

// meetingIn makes ways to wrap, each with a meeting of its own: twins are tried at the same time, and must not meet one another.
func meetingIn(wrap func(store.Store, meeting) store.Store) (way func() func(store.Store) store.Store) {
	return func() func(store.Store) store.Store {
		m := make(meeting)
		return func(s store.Store) store.Store { return wrap(s, m) }
	}
}

type overwritesMembership struct {
	store.Store
	meeting
}

func (b overwritesMembership) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	before, err := b.Membership(ctx, tenantID, userID)
	b.wait()
	if unless(err, store.ErrNotFound) != nil {
		return err
	}
	after, events, err := change(before)
	if err != nil {
		return err
	}
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(policy.Membership) (policy.Membership, []policy.Event, error) {
		return after, events, nil
	})
}

// forgetsRetries loses a member of the record.
type forgetsRetries struct{ store.Store }

func (b forgetsRetries) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		after, events, err := change(m)
		after.Retries = nil
		return after, events, err
	})
}

type looksFirst struct {
	store.Store
	meeting
}

func (b looksFirst) CreateAccount(ctx context.Context, a policy.Account, events ...policy.Event) error {
	_, err := b.Account(ctx, a.ID)
	b.wait()
	if err == nil {
		return store.ErrExists
	}
	return unless(b.Store.CreateAccount(ctx, a, events...), store.ErrExists)
}

type overwritesDocument struct {
	store.Store
	meeting
}

func (b overwritesDocument) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	before, err := b.Document(ctx, name)
	b.wait()
	if unless(err, store.ErrNotFound) != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return err
	}
	return b.Store.UpdateDocument(ctx, name, func([]byte) ([]byte, error) { return after, nil })
}

type readsOn struct{ store.Store }

func (b readsOn) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	return b.Store.Subject(context.WithoutCancel(ctx), tenantID, userID)
}

type writesOn struct{ store.Store }

func (b writesOn) RecordAccess(ctx context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	return errors.Join(b.Store.RecordAccess(context.WithoutCancel(ctx), uses), ctx.Err())
}

// keepsToItself is a connection that never sends its documents.
type keepsToItself struct {
	store.Store
	document []byte
}

func (b *keepsToItself) Document(context.Context, string) ([]byte, error) {
	if b.document == nil {
		return nil, store.ErrNotFound
	}
	return bytes.Clone(b.document), nil
}

func (b *keepsToItself) UpdateDocument(_ context.Context, _ string, change func([]byte) ([]byte, error)) error {
	after, err := change(bytes.Clone(b.document))
	if err == nil {
		b.document = bytes.Clone(after)
	}
	return err
}
