package logs

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// outageEvery is how often an outage that goes on is logged.
	outageEvery = time.Minute
	// outageSettles is how long ago the failure of a task may be for the outage to be still on when another task works again. A task
	// that runs once a minute would keep it on for a minute otherwise.
	outageSettles = 3 * time.Second
)

// Outages is the log of the tasks that a process repeats all the time. Of a failure that lasts it shows the first attempt and then one a
// minute, and that the task works again. What every task meets, such as a store that is away, is one outage over all of them. Its methods
// may be called from many goroutines.
type Outages struct {
	shared    []Shared
	explained func(context.Context) bool

	mu   sync.Mutex
	all  []outage           // of shared
	each map[string]*outage // by task
}

// Shared is a failure that is one outage over all tasks: an error for errors.Is, and the message by which it is logged as an ERROR.
type Shared struct {
	Err     error
	Message string
}

// NewOutages returns Outages in which the failures are shared; the first that an error is counts. All others are those of their task.
func NewOutages(shared ...Shared) *Outages {
	return &Outages{shared: shared, all: make([]outage, len(shared)), each: map[string]*outage{}}
}

// Ask makes Note ask, before a shared outage begins, whether its cause is known and logged otherwise. Then there is no outage. Call it
// before the first Note.
func (o *Outages) Ask(explained func(context.Context) bool) { o.explained = explained }

// outage is a row of failures. The zero value is none.
type outage struct {
	failures int
	began    time.Time            // when the first of them was
	logged   time.Time            // when one was logged last
	failing  map[string]time.Time // the tasks whose last attempt failed, and when
}

// Note records how an attempt of a task ended: err is nil if it succeeded. message, at the level, says what failed and what follows, as in
// "reading revocations failed; will retry". It is a constant, so that it can be searched, and the name of the task.
func (o *Outages) Note(ctx context.Context, log *slog.Logger, level slog.Level, now time.Time, err error, message string) {
	met := slices.IndexFunc(o.shared, func(s Shared) bool { return errors.Is(err, s.Err) })
	if met >= 0 && o.explained != nil && !o.isOn(met) && o.explained(ctx) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.all {
		if i != met {
			o.all[i].end(ctx, log, now, message, o.shared[i].Message)
		}
	}
	if met >= 0 {
		if all := &o.all[met]; all.fail(now, message) {
			tasks := slices.Sorted(maps.Keys(all.failing))
			for i, task := range tasks {
				tasks[i], _, _ = strings.Cut(task, " failed")
			}
			all.show(ctx, log, slog.LevelError, o.shared[met].Message, err, slog.String("tasks", strings.Join(tasks, ", ")))
		}
	}
	own := o.each[message]
	switch {
	case err != nil && met < 0:
		if own == nil {
			own = &outage{}
			o.each[message] = own
		}
		if own.fail(now, message) {
			own.show(ctx, log, level, message, err)
		}
	case own != nil:
		own.end(ctx, log, now, message, message)
	}
}

func (o *Outages) isOn(shared int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[shared].failures > 0
}

// fail says whether the failure is to be logged.
func (o *outage) fail(now time.Time, task string) bool {
	if o.failures == 0 {
		o.began, o.failing = now, map[string]time.Time{}
	}
	o.failures++
	o.failing[task] = now
	if o.failures > 1 && now.Sub(o.logged).Abs() < outageEvery {
		return false
	}
	o.logged = now
	return true
}

func (o *outage) show(ctx context.Context, log *slog.Logger, level slog.Level, message string, err error, attrs ...slog.Attr) {
	attrs = append(attrs, slog.Int("failures", o.failures), slog.Any("error", err))
	log.LogAttrs(ctx, level, message, attrs...) //nolint:sloglint // a constant of the caller
}

// end takes the task for one that works, or fails otherwise. The outage is over unless another task has failed just now.
func (o *outage) end(ctx context.Context, log *slog.Logger, now time.Time, task, message string) {
	if _, failed := o.failing[task]; !failed {
		return
	}
	delete(o.failing, task)
	for _, at := range o.failing {
		if now.Sub(at).Abs() < outageSettles {
			return
		}
	}
	log.LogAttrs(ctx, slog.LevelInfo, "recovered", slog.String("from", message), slog.Int("failures", o.failures),
		slog.Duration("after", now.Sub(o.began)))
	*o = outage{}
}
