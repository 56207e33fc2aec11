package boltstore

import (
	"context"
	"hash/maphash"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mintkey/store"
)

const (
	// maxBudgets bounds the memory of limits, at about 120 bytes a budget.
	maxBudgets = 1 << 16
	// dropChoice is how many budgets are looked at to choose the one to drop.
	dropChoice = 8
)

// limits keeps budgets in memory: one process owns the file, and so it is all who share it.
type limits struct {
	mu sync.Mutex
	// budgets are found by a hash of key and rate, because whoever asks may choose long keys. The seed is secret, so nobody can
	// choose a key that meets another one.
	budgets map[uint64]*rate.Limiter
	seed    maphash.Seed
}

func newLimits() limits {
	return limits{budgets: make(map[uint64]*rate.Limiter), seed: maphash.MakeSeed()}
}

// Spend implements store.Limits.
func (s *Store) Spend(ctx context.Context, key string, r store.Rate) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return s.limits.spend(key, r), nil
}

// Wait implements store.Limits.
func (s *Store) Wait(ctx context.Context, key string, r store.Rate) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return s.limits.wait(key, r), nil
}

func (l *limits) spend(key string, r store.Rate) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	hash := l.hash(key, r)
	budget, ok := l.budgets[hash]
	if !ok {
		if len(l.budgets) >= maxBudgets {
			l.drop()
		}
		budget = rate.NewLimiter(rate.Limit(float64(r.Burst)/r.Period.Seconds()), r.Burst)
		l.budgets[hash] = budget
	}
	if budget.Allow() {
		return 0
	}
	return max(untilNext(budget), 1) // one may have come just now, but it has not been taken
}

// wait makes no budget for a key that has spent nothing.
func (l *limits) wait(key string, r store.Rate) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if budget, ok := l.budgets[l.hash(key, r)]; ok {
		return untilNext(budget)
	}
	return 0
}

func (l *limits) hash(key string, r store.Rate) uint64 {
	return maphash.Comparable(l.seed, struct {
		key  string
		rate store.Rate
	}{key, r})
}

// drop makes room. Of a few budgets it drops the one that would be whole again first: so a flood of new keys drives out its own, and not
// those that are used up.
func (l *limits) drop() {
	var chosen uint64
	soonest, looked := math.Inf(1), 0
	for hash, budget := range l.budgets { // the order of a map is random enough to choose a few
		missing := float64(budget.Burst()) - budget.Tokens()
		if whole := missing / float64(budget.Limit()); whole < soonest {
			chosen, soonest = hash, whole
		}
		if looked++; looked == dropChoice {
			break
		}
	}
	delete(l.budgets, chosen)
}

// untilNext is how long to wait for the next whole one.
func untilNext(budget *rate.Limiter) time.Duration {
	missing := max(1-budget.Tokens(), 0)
	return time.Duration(math.Ceil(missing / float64(budget.Limit()) * float64(time.Second)))
}
