package notify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"mintkey/store"
)

const (
	keepEvery     = time.Minute
	dispatchEvery = time.Second
	// releaseTimeout bounds what a stop waits for.
	releaseTimeout = 2 * time.Second
)

// Runner ticks a Keeper every minute, on one replica at a time, and a Dispatcher every second, on all. All fields are needed.
type Runner struct {
	Keeper     *Keeper
	Dispatcher *Dispatcher
	Documents  store.Documents
	Log        *slog.Logger
	// Now is the clock by which everything is judged. It may be shifted.
	Now func() time.Time
}

// Run runs until ctx ends and deliveries under way have had a few seconds to finish. Failures are logged and what failed is
// tried again at the next tick.
func (r *Runner) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { r.keep(ctx) })
	both.Go(func() { every(ctx, dispatchEvery, r.dispatch) })
	both.Wait()
}

func (r *Runner) keep(ctx context.Context) {
	own := lease{documents: r.Documents, holder: rand.Text()}
	every(ctx, keepEvery, func(ctx context.Context) {
		mine, err := own.take(ctx, r.Now())
		if mine {
			err = r.Keeper.Tick(ctx, r.Now())
		}
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "could not look for all access keys that are about to expire; trying again", slog.Any("error", err))
		}
	})
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := own.release(free); err != nil {
		r.Log.WarnContext(ctx, "other servers look after expiring access keys only in a while", slog.Any("error", err))
	}
}

func (r *Runner) dispatch(ctx context.Context) {
	for ctx.Err() == nil {
		taken, err := r.Dispatcher.Tick(ctx, r.Now())
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "could not take from the outbox, or record what was told", slog.Any("error", err))
		}
		if err != nil || taken == 0 {
			return
		}
	}
}

// every calls tick at once and then at each interval, until ctx ends.
func every(ctx context.Context, interval time.Duration, tick func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		tick(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
