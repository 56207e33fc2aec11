package storetest_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"mintkey/store"
)

func ephemeraTwins() []twin {
	m := make(meeting)
	return []twin{
		{"ephemeral is kept", "keeps the first value", func(s store.Store) store.Store { return keepsFirst{whole(s)} }},
		{"ephemeral missing", "returns an empty value", func(s store.Store) store.Store { return emptyEphemeral{whole(s)} }},
		{"ephemeral is taken once", "leaves what is taken", func(s store.Store) store.Store { return leavesTaken{whole(s)} }},
		{"ephemeral is deleted", "complains of what is gone", func(s store.Store) store.Store { return complains{whole(s)} }},
		{"ephemera are forgotten after their time", "never forgets", func(s store.Store) store.Store { return neverForgets{whole(s)} }},
		{"ephemera are forgotten after their time", "minds times of old", func(s store.Store) store.Store { return mindsOldTimes{whole(s), map[string]time.Time{}} }},
		{"race for an ephemeral has one winner", "looks before it takes", func(s store.Store) store.Store { return looksThenTakes{whole(s), m} }},
	}
}

type keepsFirst struct{ fullStore }

func (b keepsFirst) PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error {
	if _, err := b.Ephemeral(ctx, key); err == nil {
		return nil
	}
	return b.fullStore.PutEphemeral(ctx, key, value, expires)
}

type emptyEphemeral struct{ fullStore }

func (b emptyEphemeral) Ephemeral(ctx context.Context, key string) ([]byte, error) {
	value, err := b.fullStore.Ephemeral(ctx, key)
	return value, unless(err, store.ErrNotFound)
}

type leavesTaken struct{ fullStore }

func (b leavesTaken) TakeEphemeral(ctx context.Context, key string) ([]byte, error) {
	return b.Ephemeral(ctx, key)
}

type complains struct{ fullStore }

func (b complains) DeleteEphemeral(ctx context.Context, key string) error {
	_, err := b.TakeEphemeral(ctx, key)
	return err
}

// mindsOldTimes forgets a value when the time has come that an earlier one had under the same key.
type mindsOldTimes struct {
	fullStore
	earliest map[string]time.Time
}

func (b mindsOldTimes) PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error {
	if old, ok := b.earliest[key]; !ok || expires.Before(old) {
		b.earliest[key] = expires
	}
	return b.fullStore.PutEphemeral(ctx, key, value, expires)
}

func (b mindsOldTimes) ForgetEphemera(ctx context.Context, now time.Time) error {
	var err error
	for key, expires := range b.earliest {
		if !expires.After(now) {
			err = errors.Join(err, b.DeleteEphemeral(ctx, key))
		}
	}
	return err
}

type looksThenTakes struct {
	fullStore
	meeting
}

func (b looksThenTakes) TakeEphemeral(ctx context.Context, key string) ([]byte, error) {
	value, err := b.Ephemeral(ctx, key)
	b.wait()
	if err != nil {
		return nil, err
	}
	return value, b.DeleteEphemeral(ctx, key)
}

func limitTwins() []twin {
	m := make(meeting)
	return []twin{
		{"limit allows a burst", "allows one more", func(s store.Store) store.Store { return allowsMore{whole(s)} }},
		{"limit allows a burst", "counts in whole periods", func(s store.Store) store.Store { return wholePeriods{whole(s)} }},
		{"limit refills evenly", "never refills", func(s store.Store) store.Store { return neverRefills{whole(s)} }},
		{"limit refused takes nothing", "takes from what is to come", func(s store.Store) store.Store { return &takesAhead{fullStore: whole(s)} }},
		{"limit is asked without spending", "spends when asked", func(s store.Store) store.Store { return spendsWhenAsked{whole(s)} }},
		{"limits of keys are independent", "takes keys for the same", func(s store.Store) store.Store { return foldsKeys{whole(s)} }},
		{"race to spend stays within the limit", "looks before it spends", func(s store.Store) store.Store { return looksThenSpends{whole(s), m} }},
	}
}

type allowsMore struct{ fullStore }

func (b allowsMore) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Burst++
	return b.fullStore.Spend(ctx, key, rate)
}

type wholePeriods struct{ fullStore }

func (b wholePeriods) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.fullStore.Spend(ctx, key, rate)
	if wait > 0 {
		wait = rate.Period
	}
	return wait, err
}

type neverRefills struct{ fullStore }

func (b neverRefills) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Period = 1000 * time.Hour
	return b.fullStore.Spend(ctx, key, rate)
}

func (b neverRefills) Wait(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Period = 1000 * time.Hour
	return b.fullStore.Wait(ctx, key, rate)
}

type takesAhead struct {
	fullStore
	refused atomic.Int64
}

func (b *takesAhead) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.fullStore.Spend(ctx, key, rate)
	if wait > 0 {
		wait += time.Duration(b.refused.Add(1)) * rate.Period / time.Duration(rate.Burst)
	}
	return wait, err
}

type spendsWhenAsked struct{ fullStore }

func (b spendsWhenAsked) Wait(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return b.Spend(ctx, key, rate)
}

type foldsKeys struct{ fullStore }

func (b foldsKeys) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return b.fullStore.Spend(ctx, strings.ToLower(strings.TrimSpace(key)), rate)
}

type looksThenSpends struct {
	fullStore
	meeting
}

func (b looksThenSpends) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Wait(ctx, key, rate)
	b.wait()
	if err != nil || wait > 0 {
		return wait, err
	}
	_, err = b.fullStore.Spend(ctx, key, rate)
	return 0, err
}
