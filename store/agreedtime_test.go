package store_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"mintkey/store"
)

// clocked is an AgreedTime of a process that began with the given store.
func clocked(s store.Store, storeTime func(context.Context) (time.Time, error)) *store.AgreedTime {
	return &store.AgreedTime{Documents: s, StoreTime: storeTime, Log: slog.New(slog.DiscardHandler)}
}

// run asks every ten seconds, as servers do, and returns the last answer.
func run(t *testing.T, a *store.AgreedTime, from time.Time, length time.Duration) (until time.Time) {
	t.Helper()
	for at := from; !at.After(from.Add(length)); at = at.Add(10 * time.Second) {
		until = a.Until(t.Context(), at)
	}
	return until
}

func TestAgreedTimeFollowsTheClock(t *testing.T) {
	a := clocked(newBolt(t), nil)
	for _, wait := range []time.Duration{0, time.Second, time.Minute, 3 * time.Minute} {
		if now := upgradedAt.Add(wait); wait < 3*time.Minute && !a.Until(t.Context(), now).After(now.Add(-11*time.Second)) {
			t.Errorf("after %s: %s", wait, a.Until(t.Context(), now))
		}
	}
}

// A clock that jumps ahead is believed after an hour, and one that comes back leaves no trace; restarts change nothing.
func TestAgreedTimeStandsStillAfterAJump(t *testing.T) {
	for _, ahead := range []time.Duration{3 * time.Hour, 2900 * time.Hour} {
		s := newBolt(t)
		before := run(t, clocked(s, nil), upgradedAt, time.Minute)
		jumped := upgradedAt.Add(ahead)
		for range 3 {
			if got := run(t, clocked(s, nil), jumped, 59*time.Minute); got.After(before) {
				t.Errorf("%s ahead for 59 minutes: agreed to %s, after %s", ahead, got, before)
			}
		}
		back := upgradedAt.Add(2 * time.Minute)
		same := clocked(s, nil)
		_ = run(t, same, jumped, time.Minute)
		if got := run(t, same, back, time.Minute); !got.Equal(back.Add(time.Minute)) {
			t.Errorf("back from %s ahead: agreed to %s", ahead, got)
		}
		if got := run(t, same, jumped, time.Hour); !got.Equal(jumped.Add(time.Hour)) {
			t.Errorf("%s ahead for an hour: agreed to %s, want to believe the clock", ahead, got)
		}
	}
}

// The clock of the store is never passed, however long the server's is ahead of it.
func TestAgreedTimeAsksTheStore(t *testing.T) {
	theirs := upgradedAt
	a := clocked(newBolt(t), func(context.Context) (time.Time, error) { return theirs, nil })
	for range 600 {
		theirs = theirs.Add(10 * time.Second)
		if got := a.Until(t.Context(), theirs.Add(3*time.Hour)); got.After(theirs) {
			t.Fatalf("agreed to %s, when the store's clock said %s", got, theirs)
		}
	}
	if a.Offset() != 3*time.Hour || len(a.Warnings()) != 1 {
		t.Errorf("offset %s, warnings %q", a.Offset(), a.Warnings())
	}
}

// While the store can't be asked nothing is agreed beyond what was.
func TestAgreedTimeWithoutTheStore(t *testing.T) {
	away := func(context.Context) (time.Time, error) { return time.Time{}, store.ErrUnavailable }
	if got := clocked(newBolt(t), away).Until(t.Context(), upgradedAt); !got.IsZero() {
		t.Errorf("agreed to %s", got)
	}
}

func TestNoAgreedTimeIsTheClock(t *testing.T) {
	var none *store.AgreedTime
	if got := none.Until(t.Context(), upgradedAt); !got.Equal(upgradedAt) {
		t.Errorf("%s", got)
	}
}
