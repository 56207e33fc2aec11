package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
)

const (
	// patience is how many deliveries in a row may fail before a line is closed for a while.
	patience      = 3
	longestClosed = 5 * time.Minute
)

// line is a channel that is left alone for a while when it seems dead. Without that, every entry would wait for the time-out of a
// dead mail server, and events for other channels behind it.
type line struct {
	Channel
	failures  int // in a row
	lastError error
	opensAt   time.Time
}

func (l *line) deliver(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) error {
	if err := l.closed(now); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	err := l.Deliver(ctx, event, subject, now)
	l.note(err, now)
	return err
}

func (l *line) closed(now time.Time) error {
	// An opening that lies too far ahead was set under a clock that has been set back since.
	if now.Before(l.opensAt) && !l.opensAt.After(now.Add(longestClosed)) {
		return fmt.Errorf("not tried: %d deliveries in a row have failed, the last because: %w", l.failures, l.lastError)
	}
	return nil
}

func (l *line) note(err error, now time.Time) {
	if err == nil || errors.Is(err, ErrPermanent) { // which is an answer too
		l.failures = 0
		return
	}
	l.lastError = err
	if l.failures++; l.failures >= patience {
		l.opensAt = now.Add(backOff(l.failures-patience+1, longestClosed))
	}
}
