package storetest_test

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"mintkey/store"
)

func limitTwins() []twin {
	m := make(meeting)
	return []twin{
		{"limit allows a burst", "allows one more", func(s store.Store) store.Store { return allowsMore{s} }},
		{"limit allows a burst", "counts in whole periods", func(s store.Store) store.Store { return wholePeriods{s} }},
		{"limit refills evenly", "never refills", func(s store.Store) store.Store { return neverRefills{s} }},
		{"limit refused takes nothing", "takes from what is to come", func(s store.Store) store.Store { return &takesAhead{Store: s} }},
		{"limit takes back what was reserved", "keeps what is given back", func(s store.Store) store.Store { return keepsAll{s} }},
		{"limit takes back what was reserved", "gives the whole burst back", func(s store.Store) store.Store { return givesAllBack{s} }},
		{"limit takes back no more than a burst", "hoards what is given back", func(s store.Store) store.Store { return &hoards{Store: s} }},
		{"limits of keys are independent", "takes keys for the same", func(s store.Store) store.Store { return foldsKeys{s} }},
		{"race to reserve stays within the limit", "looks before it takes", func(s store.Store) store.Store { return looksThenReserves{s, m} }},
	}
}

type allowsMore struct{ store.Store }

func (b allowsMore) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Burst++
	return b.Store.Reserve(ctx, key, rate)
}

type wholePeriods struct{ store.Store }

func (b wholePeriods) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Store.Reserve(ctx, key, rate)
	if wait > 0 {
		wait = rate.Period
	}
	return wait, err
}

type neverRefills struct{ store.Store }

func (b neverRefills) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Period = 1000 * time.Hour
	return b.Store.Reserve(ctx, key, rate)
}

type takesAhead struct {
	store.Store
	refused atomic.Int64
}

func (b *takesAhead) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Store.Reserve(ctx, key, rate)
	if wait > 0 {
		wait += time.Duration(b.refused.Add(1)) * rate.Period / time.Duration(rate.Burst)
	}
	return wait, err
}

type keepsAll struct{ store.Store }

func (keepsAll) Refund(context.Context, string, store.Rate) error { return nil }

type givesAllBack struct{ store.Store }

func (b givesAllBack) Refund(ctx context.Context, key string, rate store.Rate) error {
	for range rate.Burst {
		if err := b.Store.Refund(ctx, key, rate); err != nil {
			return err
		}
	}
	return nil
}

// hoards lets through as many more as were ever given back.
type hoards struct {
	store.Store
	credit atomic.Int64
}

func (b *hoards) Refund(context.Context, string, store.Rate) error {
	b.credit.Add(1)
	return nil
}

func (b *hoards) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Store.Reserve(ctx, key, rate)
	if wait > 0 && b.credit.Add(-1) >= 0 {
		return 0, err
	}
	return wait, err
}

type foldsKeys struct{ store.Store }

func (b foldsKeys) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return b.Store.Reserve(ctx, strings.ToLower(strings.TrimSpace(key)), rate)
}

// looksThenReserves asks whether something is left, and takes it later.
type looksThenReserves struct {
	store.Store
	meeting
}

func (b looksThenReserves) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Store.Reserve(ctx, key, rate)
	if err == nil && wait == 0 {
		err = b.Refund(ctx, key, rate)
	}
	b.wait()
	if err != nil || wait > 0 {
		return wait, err
	}
	_, err = b.Store.Reserve(ctx, key, rate)
	return 0, err
}
