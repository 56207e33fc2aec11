package limits

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mintkey/store"
)

const (
	// storeTimeout is how long a request waits for the store to count before it is counted in memory.
	storeTimeout = 2 * time.Second
	// warnEvery limits how often the log says that the store can't count.
	warnEvery = time.Minute
)

// TooManyError means that a budget is used up.
type TooManyError struct {
	RetryAfter time.Duration // above 0
	Budget     Budget        // the one that is used up, with the rate that holds
}

// Error includes how long to wait.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("Too many failed attempts: try again in %s.", e.Wait())
}

// Wait is how long to wait in words: "1 second", "2 seconds".
func (e *TooManyError) Wait() string {
	if e.Seconds() == 1 {
		return "1 second"
	}
	return fmt.Sprintf("%d seconds", e.Seconds())
}

// Seconds is RetryAfter in whole seconds, rounded up.
func (e *TooManyError) Seconds() int { return max(int((e.RetryAfter+time.Second-1)/time.Second), 1) }

// Options is what a Limiter needs.
type Options struct {
	Limits  store.Limits
	Places  Memory // of known devices and addresses
	Log     *slog.Logger
	Now     func() time.Time // the real time, without ClockOffset
	Metrics prometheus.Registerer
}

// Limiter takes from budgets. Its methods may be called from many goroutines.
type Limiter struct {
	shared    store.Limits        // counts for all replicas
	memory    *store.MemoryLimits // counts while shared can't
	places    Memory
	log       *slog.Logger
	now       func() time.Time
	fallbacks *prometheus.CounterVec
	exceeded  *prometheus.CounterVec

	mu     sync.Mutex
	warned time.Time // when the log last said that shared can't count
}

// New returns a Limiter and registers its metrics.
func New(o Options) *Limiter {
	l := &Limiter{
		shared: o.Limits, memory: store.NewMemoryLimits(o.Now), places: o.Places, log: o.Log, now: o.Now,
		fallbacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mintkey_limits_fallback_total",
			Help: "Attempts that were counted in memory because the store could not count them, by budget.",
		}, []string{"budget"}),
		exceeded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mintkey_limits_exceeded_total", Help: "Attempts that found a budget used up, by budget.",
		}, []string{"budget"}),
	}
	o.Metrics.MustRegister(l.fallbacks, l.exceeded)
	for _, budget := range Table() { // so that an alert on an increase sees the first one
		l.fallbacks.WithLabelValues(budget.Name)
		l.exceeded.WithLabelValues(budget.Name)
	}
	return l
}

// Reservation is what was taken.
type Reservation struct {
	limiter *Limiter
	taken   []taken
}

type taken struct {
	Take
	from store.Limits
}

// Reserve takes one from each budget, or nothing at all and returns a *TooManyError. It continues when the context ends.
func (l *Limiter) Reserve(ctx context.Context, takes []Take) (Reservation, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	reserved := Reservation{limiter: l}
	for _, t := range takes {
		wait, from := l.take(ctx, t)
		if wait > 0 && t.spared != nil && t.spared(ctx, l) {
			continue
		}
		if wait > 0 {
			l.exceeded.WithLabelValues(t.budget.Name).Inc()
			reserved.Refund(ctx)
			return Reservation{}, &TooManyError{wait, t.budget}
		}
		reserved.taken = append(reserved.taken, taken{t, from})
	}
	return reserved, nil
}

// take takes from the store, or from memory if the store fails. It returns the wait and the place where it was counted.
func (l *Limiter) take(ctx context.Context, t Take) (time.Duration, store.Limits) {
	wait, err := l.shared.Reserve(ctx, t.key, t.budget.Rate)
	if err == nil {
		return wait, l.shared
	}
	l.fallbacks.WithLabelValues(t.budget.Name).Inc()
	l.warn(ctx, err)
	wait, _ = l.memory.Reserve(context.WithoutCancel(ctx), t.key, t.budget.Rate) // fails only when the context has ended
	return wait, l.memory
}

// Seldom is true once a minute for each name, on this server alone: for log lines that a storm would repeat. It is bounded in memory.
func (l *Limiter) Seldom(ctx context.Context, name string) bool {
	wait, err := l.memory.Reserve(ctx, "seldom/"+name, store.Rate{Burst: 1, Period: warnEvery})
	return err == nil && wait == 0
}

// Refund gives everything back where it was taken. If that fails, the budget recovers with time.
func (r Reservation) Refund(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	for _, t := range r.taken {
		if err := t.from.Refund(ctx, t.key, t.budget.Rate); err != nil {
			r.limiter.warn(ctx, err)
		}
	}
}

// warn logs at most once a minute, because it is called for every request while the store is unreachable.
func (l *Limiter) warn(ctx context.Context, err error) {
	l.mu.Lock()
	now := l.now()
	quiet := now.Sub(l.warned).Abs() < warnEvery
	if !quiet {
		l.warned = now
	}
	l.mu.Unlock()
	if !quiet {
		l.log.WarnContext(ctx, "rate limiter unavailable; counting in memory", slog.Any("error", err))
	}
}
