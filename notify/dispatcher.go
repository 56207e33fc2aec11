package notify

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Channel tells somebody of events.
type Channel interface {
	// Name is recorded when an event is delivered, so that a retry for another channel does not repeat this one.
	Name() string
	// Deliver tells of the event, and returns nil too when there is nobody to tell, or when what it tells of no longer holds.
	// An ErrPermanent is not tried again.
	Deliver(ctx context.Context, event policy.Event, now time.Time) error
}

// ErrPermanent says that trying again will not help.
var ErrPermanent = errors.New("permanent failure")

// Dispatcher hands what is in the outbox to the channels. Any number of replicas may run one.
type Dispatcher struct {
	Outbox   store.Outbox
	Channels []Channel
	Log      *slog.Logger
}

const (
	claimSize = 20
	// leaseTime is longer than delivering a whole claim can take, so that nobody else begins it meanwhile.
	leaseTime      = 10 * time.Minute
	deliverTimeout = 25 * time.Second
	firstRetry     = 10 * time.Second
	slowestRetry   = time.Hour
	// maxAttempts is about a day of trying.
	maxAttempts = 32
)

// Tick delivers what is due at now and returns how many entries it took; while that is not 0 there may be more.
func (d *Dispatcher) Tick(ctx context.Context, now time.Time) (int, error) {
	entries, err := d.Outbox.ClaimOutbox(ctx, now, now.Add(leaseTime), claimSize)
	if err != nil {
		return 0, err
	}
	var failures []error
	for _, entry := range entries {
		failures = append(failures, d.deliver(ctx, entry, now))
	}
	return len(entries), errors.Join(failures...)
}

func (d *Dispatcher) deliver(ctx context.Context, entry store.OutboxEntry, now time.Time) error {
	var failed error
	for _, channel := range d.Channels {
		if slices.Contains(entry.Delivered, channel.Name()) {
			continue
		}
		err := d.tell(ctx, channel, entry.Event, now)
		switch {
		case err == nil:
			entry.Delivered = append(entry.Delivered, channel.Name())
		case ctx.Err() != nil:
			failed = err // the server stops: not the channel's failure
		case errors.Is(err, ErrPermanent) || entry.Attempts+1 >= maxAttempts:
			d.log(ctx, slog.LevelError, "gave up telling of an event: somebody should", channel, entry, err)
			entry.Delivered = append(entry.Delivered, channel.Name())
		default:
			d.log(ctx, slog.LevelWarn, "could not tell of an event; trying again later", channel, entry, err)
			failed = err
		}
	}
	// The record of what was told is written even when the server stops meanwhile.
	save, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverTimeout)
	defer cancel()
	if failed == nil {
		return d.Outbox.CompleteOutbox(save, entry)
	}
	if ctx.Err() == nil {
		entry.Attempts++
	}
	return d.Outbox.PostponeOutbox(save, entry, now.Add(backOff(entry.Attempts)))
}

func (d *Dispatcher) tell(ctx context.Context, channel Channel, event policy.Event, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	return channel.Deliver(ctx, event, now)
}

// backOff doubles from ten seconds up to an hour.
func backOff(attempts int) time.Duration {
	wait := firstRetry
	for range max(attempts-1, 0) {
		if wait *= 2; wait >= slowestRetry {
			return slowestRetry
		}
	}
	return wait
}

func (d *Dispatcher) log(ctx context.Context, level slog.Level, message string, channel Channel, entry store.OutboxEntry, err error) {
	d.Log.LogAttrs(ctx, level, message, slog.String("channel", channel.Name()), slog.String("event", entry.Event.ID),
		slog.String("action", string(entry.Event.Action)), slog.String("client_id", entry.Event.ClientID),
		slog.Int("attempt", entry.Attempts+1), slog.Any("error", err))
}
