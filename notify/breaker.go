package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
)

const (
	// failuresToOpen is how many deliveries in a row may fail before the breaker opens.
	failuresToOpen = 3
	longestOpen    = 5 * time.Minute
)

// breaker is a circuit breaker: while it is open, its channel is not tried. Without it, every entry would wait for the time-out of a dead
// mail server. It has one delivery at a time, between take and free; so its fields need no lock.
type breaker struct {
	Channel
	slot      chan struct{} // has an element while a delivery is under way
	failures  int           // in a row
	lastError error
	retryAt   time.Time
}

func newBreaker(channel Channel) *breaker {
	return &breaker{Channel: channel, slot: make(chan struct{}, 1)}
}

// take says whether the channel is free, and makes it the caller's until free.
func (b *breaker) take() bool {
	select {
	case b.slot <- struct{}{}:
		return true
	default:
		return false
	}
}

func (b *breaker) free() { <-b.slot }

func (b *breaker) deliver(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) error {
	if err := b.open(now); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	err := b.Deliver(ctx, event, subject, now)
	b.note(err, now)
	return err
}

func (b *breaker) open(now time.Time) error {
	// A retry that lies too far ahead was set under a clock that has been set back since.
	if now.Before(b.retryAt) && !b.retryAt.After(now.Add(longestOpen)) {
		return fmt.Errorf("not tried: %d deliveries in a row have failed, the last because: %w", b.failures, b.lastError)
	}
	return nil
}

func (b *breaker) note(err error, now time.Time) {
	if err == nil || errors.Is(err, ErrPermanent) { // a refusal shows that the channel works
		b.failures = 0
		return
	}
	b.lastError = err
	if b.failures++; b.failures >= failuresToOpen {
		b.retryAt = now.Add(backOff(b.failures-failuresToOpen+1, longestOpen))
	}
}
