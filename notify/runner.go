package notify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"mintkey/logs"
	"mintkey/store"
)

const (
	scheduleEvery = time.Minute
	deliverEvery  = time.Second
	// releaseTimeout bounds what a stop waits for.
	releaseTimeout = 2 * time.Second
)

// Runner ticks a Scheduler every minute, on one replica at a time, and an OutboxWorker every second, on all. All exported fields but
// Upkeep are needed.
type Runner struct {
	Scheduler *Scheduler
	Outbox    *OutboxWorker
	Documents store.Documents
	Log       *slog.Logger
	// Now is the clock that everything goes by. It may be shifted.
	Now func() time.Time
	// Upkeep is called each minute too, by the replica that runs the Scheduler; nil for none.
	Upkeep func(ctx context.Context, now time.Time) error

	// Outages has the failures of all that is repeated.
	Outages *logs.Outages
}

// Run returns when ctx has ended and deliveries under way have had a few seconds to finish. Failures are logged, and retried at the next
// tick.
func (r *Runner) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { r.schedule(ctx) })
	both.Go(func() {
		every(ctx, deliverEvery, r.deliver)
		r.Outbox.Wait()
	})
	both.Wait()
}

func (r *Runner) schedule(ctx context.Context) {
	own := lease{documents: r.Documents, holder: rand.Text()}
	every(ctx, scheduleEvery, func(ctx context.Context) {
		mine, err := own.take(ctx, r.Now())
		if mine {
			err = r.Scheduler.Tick(ctx, r.Now())
		}
		if ctx.Err() == nil {
			r.Outages.Note(ctx, r.Log, slog.LevelError, r.Now(), err, "key maintenance failed; will retry")
		}
		if mine && r.Upkeep != nil && ctx.Err() == nil {
			err := r.Upkeep(ctx, r.Now())
			if ctx.Err() == nil {
				r.Outages.Note(ctx, r.Log, slog.LevelError, r.Now(), err, "audit upkeep failed; will retry")
			}
		}
	})
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := own.release(free); err != nil {
		r.Log.WarnContext(ctx, "releasing the maintenance lease failed; it expires by itself", slog.Any("error", err))
	}
}

func (r *Runner) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		taken, err := r.Outbox.Tick(ctx, r.Now())
		if ctx.Err() == nil {
			r.Outages.Note(ctx, r.Log, slog.LevelError, r.Now(), err, "outbox delivery failed; will retry")
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
