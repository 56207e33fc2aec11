package store

import (
	"context"
	"hash/maphash"
	"math"
	"sync"
	"time"
)

const (
	// maxBudgets bounds the memory of MemoryLimits, at about 50 bytes a budget.
	maxBudgets = 1 << 16
	// dropChoice is how many budgets are compared to choose the one to drop.
	dropChoice = 8
)

var _ Limits = (*MemoryLimits)(nil)

// MemoryLimits keeps Limits in the memory of one process. It holds 65,536 budgets; past that it drops one that is nearly whole.
type MemoryLimits struct {
	now func() time.Time
	mu  sync.Mutex
	// whole is when each budget will be whole again. Budgets are found by a hash of key and rate, because callers may choose long keys.
	// The seed is secret, so a key can't be chosen to collide with another one.
	whole map[uint64]time.Time
	seed  maphash.Seed
}

// NewMemoryLimits returns limits whose budgets are all whole. They go by the given clock.
func NewMemoryLimits(now func() time.Time) *MemoryLimits {
	return &MemoryLimits{now: now, whole: make(map[uint64]time.Time), seed: maphash.MakeSeed()}
}

// Reserve implements Limits. It is the generic cell rate algorithm: a budget is stored as the instant at which it will be whole again.
// Each reservation moves that by one step, and it can't be farther away than a burst of steps.
func (l *MemoryLimits) Reserve(ctx context.Context, key string, rate Rate) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now, budget, step := l.now(), l.hash(key, rate), rate.step()
	latest := now.Add(step * time.Duration(rate.Burst))
	whole, known := l.whole[budget]
	switch {
	case whole.Before(now):
		whole = now
	case whole.After(latest): // the clock was set back
		whole = latest
	}
	whole = whole.Add(step)
	if wait := whole.Sub(latest); wait > 0 {
		return wait, nil
	}
	if !known && len(l.whole) >= maxBudgets {
		l.drop(now)
	}
	l.whole[budget] = whole
	return 0, nil
}

// Refund implements Limits.
func (l *MemoryLimits) Refund(ctx context.Context, key string, rate Rate) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	budget := l.hash(key, rate)
	whole, known := l.whole[budget]
	if !known {
		return nil
	}
	if whole = whole.Add(-rate.step()); !whole.After(l.now()) {
		delete(l.whole, budget)
		return nil
	}
	l.whole[budget] = whole
	return nil
}

// step is the time in which one reservation comes back.
func (r Rate) step() time.Duration { return max(r.Period/time.Duration(max(r.Burst, 1)), 1) }

func (l *MemoryLimits) hash(key string, rate Rate) uint64 {
	return maphash.Comparable(l.seed, struct {
		key  string
		rate Rate
	}{key, rate})
}

// drop makes room. Of a few budgets it drops the one that will be whole first, so a flood of new keys evicts its own budgets
// and not those that are used up.
func (l *MemoryLimits) drop(now time.Time) {
	var chosen uint64
	soonest, looked := time.Duration(math.MaxInt64), 0
	for budget, whole := range l.whole { // the order of a map is random enough to choose a few
		if left := whole.Sub(now); left < soonest {
			chosen, soonest = budget, left
		}
		if looked++; looked == dropChoice {
			break
		}
	}
	delete(l.whole, chosen)
}
