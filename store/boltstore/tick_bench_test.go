package boltstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

var benchStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func BenchmarkClaimOutboxEmpty(b *testing.B) {
	s, ctx := populated(b), b.Context()
	for b.Loop() {
		if _, err := s.ClaimOutbox(ctx, benchStart, benchStart.Add(time.Minute), 100); err != nil {
			b.Fatal(err)
		}
	}
}

// 100 of 10,000 due entries.
func BenchmarkClaimOutboxFull(b *testing.B) {
	s, ctx := populated(b), b.Context()
	events := make([]policy.Event, 10_000)
	for i := range events {
		at := benchStart.Add(time.Duration(i) * time.Millisecond)
		events[i] = policy.Event{ID: policy.NewEventID(at, [10]byte{}), At: at, AccountID: "acme", TenantID: "load", Announce: true}
	}
	if err := s.RecordEvents(ctx, events...); err != nil {
		b.Fatal(err)
	}
	now := benchStart
	for b.Loop() {
		now = now.Add(time.Hour) // the lease of the last round has ended
		if got, err := s.ClaimOutbox(ctx, now, now.Add(time.Minute), 100); err != nil || len(got) != 100 {
			b.Fatal(len(got), err)
		}
	}
}

// A page of 1,000 from amid 100,000 keys.
func BenchmarkKeysByIssue(b *testing.B) {
	s, ctx := populated(b), b.Context()
	const members, writers = 50_000, 500
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < members; i += writers {
				if err := addKeys(ctx, s, i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	middle := store.DatedKey{At: benchStart.Add(members / 2 * time.Second)}
	for b.Loop() {
		keys, err := s.KeysByIssue(ctx, "acme", middle, benchStart.AddDate(1, 0, 0), 1000)
		if err != nil || len(keys) != 1000 {
			b.Fatal(len(keys), err)
		}
	}
}

func addKeys(ctx context.Context, s *boltstore.Store, i int) error {
	at := benchStart.Add(time.Duration(i) * time.Second)
	id := fmt.Sprint("user-", i)
	if err := s.CreateUser(ctx, policy.User{ID: id, AccountID: "acme", Name: id, Email: id + "@example.com"}); err != nil {
		return err
	}
	return s.UpdateMembership(ctx, "load", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = policy.RoleMember
		for k := range policy.MaxKeys {
			m.Keys = append(m.Keys, policy.AccessKey{
				ClientID: fmt.Sprint("mk_", i, "_", k), CreatedAt: at, Secrets: []policy.Secret{{IssuedAt: at}},
			})
		}
		return m, nil, nil
	})
}

func BenchmarkReserve(b *testing.B) {
	s, ctx := populated(b), b.Context()
	rate := store.Rate{Burst: 5, Period: time.Hour}
	i := 0
	for b.Loop() { // a new key each time, which is the worst case
		if _, err := s.Reserve(ctx, fmt.Sprint(i), rate); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
