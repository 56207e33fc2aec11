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

// Runner ticks a Scheduler every minute, on one replica at a time, and an OutboxWorker every second, on all. All exported fields are
// needed unless their comment says otherwise.
type Runner struct {
	Scheduler *Scheduler
	Outbox    *OutboxWorker
	Documents store.Documents
	Log       *slog.Logger
	// Now is the clock that everything goes by. It may be shifted.
	Now func() time.Time
	// Upkeep is called each minute too, by the replica that runs the Scheduler; nil for none.
	Upkeep func(ctx context.Context, now time.Time) error
	// Census is called after it, likewise, to count the access keys; nil for none.
	Census func(ctx context.Context, now time.Time) error

	// Done is told how each attempt at a task ended: TaskKeyMaintenance and so on; nil for nobody.
	Done func(task string, now time.Time, err error)

	// Outages has the failures of all that is repeated.
	Outages *logs.Outages
}

// The names of the tasks for Done.
const (
	TaskKeyMaintenance = "key_maintenance"
	TaskAuditUpkeep    = "audit_upkeep"
	TaskOutbox         = "outbox"
	TaskCensus         = "census"
)

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
			if mine || err != nil {
				r.done(TaskKeyMaintenance, err)
			}
		}
		if mine && r.Upkeep != nil && ctx.Err() == nil {
			err := r.Upkeep(ctx, r.Now())
			if ctx.Err() == nil {
				r.Outages.Note(ctx, r.Log, slog.LevelError, r.Now(), err, "audit upkeep failed; will retry")
				r.done(TaskAuditUpkeep, err)
			}
		}
		if mine && r.Census != nil && ctx.Err() == nil {
			err := r.Census(ctx, r.Now())
			if ctx.Err() == nil {
				r.Outages.Note(ctx, r.Log, slog.LevelError, r.Now(), err, "counting access keys failed; will retry")
				r.done(TaskCensus, err)
			}
		}
	})
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := own.release(free); err != nil {
		r.Log.WarnContext(ctx, "releasing the maintenance lease failed; it expires by itself", slog.Any("error", err))
	}
}

func (r *Runner) done(task string, err error) {
	if r.Done != nil {
		r.Done(task, r.Now(), err)
	}
}

func (r *Runner) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		taken, err := r.Outbox.Tick(ctx, r.Now())
		if ctx.Err() == nil {
			r.Outages.Note(ctx, r.Log, slog.LevelError, r.Now(), err, "outbox delivery failed; will retry")
			r.done(TaskOutbox, err)
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
