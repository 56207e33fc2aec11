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
		{"limit is asked without spending", "spends when asked", func(s store.Store) store.Store { return spendsWhenAsked{s} }},
		{"limits of keys are independent", "takes keys for the same", func(s store.Store) store.Store { return foldsKeys{s} }},
		{"race to spend stays within the limit", "looks before it spends", func(s store.Store) store.Store { return looksThenSpends{s, m} }},
	}
}

type allowsMore struct{ store.Store }

func (b allowsMore) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Burst++
	return b.Store.Spend(ctx, key, rate)
}

type wholePeriods struct{ store.Store }

func (b wholePeriods) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Store.Spend(ctx, key, rate)
	if wait > 0 {
		wait = rate.Period
	}
	return wait, err
}

type neverRefills struct{ store.Store }

func (b neverRefills) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Period = 1000 * time.Hour
	return b.Store.Spend(ctx, key, rate)
}

func (b neverRefills) Wait(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	rate.Period = 1000 * time.Hour
	return b.Store.Wait(ctx, key, rate)
}

type takesAhead struct {
	store.Store
	refused atomic.Int64
}

func (b *takesAhead) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Store.Spend(ctx, key, rate)
	if wait > 0 {
		wait += time.Duration(b.refused.Add(1)) * rate.Period / time.Duration(rate.Burst)
	}
	return wait, err
}

type spendsWhenAsked struct{ store.Store }

func (b spendsWhenAsked) Wait(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return b.Spend(ctx, key, rate)
}

type foldsKeys struct{ store.Store }

func (b foldsKeys) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return b.Store.Spend(ctx, strings.ToLower(strings.TrimSpace(key)), rate)
}

type looksThenSpends struct {
	store.Store
	meeting
}

func (b looksThenSpends) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := b.Wait(ctx, key, rate)
	b.wait()
	if err != nil || wait > 0 {
		return wait, err
	}
	_, err = b.Store.Spend(ctx, key, rate)
	return 0, err
}
