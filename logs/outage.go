package logs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// outageEvery is how often an outage that goes on is logged.
const outageEvery = time.Minute

// Outage is the log of one task that is repeated all the time. Of a failure that lasts it shows the first attempt and then one a minute,
// and that the task works again. The zero value is ready. Its methods may be called from many goroutines.
type Outage struct {
	mu       sync.Mutex
	failures int       // in a row
	began    time.Time // when the first of them was
	logged   time.Time // when one was logged last
}

// Note records how an attempt ended: err is nil if it succeeded. message, at the level, says what failed; it is a constant, so that it
// can be searched.
func (o *Outage) Note(
	ctx context.Context, log *slog.Logger, level slog.Level, now time.Time, err error, message string, attrs ...slog.Attr,
) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		if o.failures > 0 {
			log.LogAttrs(ctx, slog.LevelInfo, "recovered", append(attrs, slog.String("from", message),
				slog.Int("failures", o.failures), slog.Duration("after", now.Sub(o.began)))...)
		}
		o.failures = 0
		return
	}
	if o.failures++; o.failures == 1 {
		o.began = now
	} else if now.Sub(o.logged).Abs() < outageEvery {
		return
	}
	o.logged = now
	attrs = append(attrs, slog.Int("failures", o.failures), slog.Any("error", err))
	log.LogAttrs(ctx, level, message, attrs...) //nolint:sloglint // a constant of the caller
}
