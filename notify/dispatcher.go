package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Channel delivers events to people, programs or gateways.
type Channel interface {
	// Name is recorded when an event is delivered, so that a retry for another channel does not repeat this one.
	Name() string
	// Deliver sends the event. It also returns nil when there is no recipient. An ErrPermanent is not tried again.
	// subject reads whom the event is about, at most once for all channels: see SubjectOf.
	Deliver(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) error
}

// ErrPermanent says that trying again will not help.
var ErrPermanent = errors.New("permanent failure")

// Dispatcher hands what is in the outbox to channels. Any number of replicas may run one. Make one with NewDispatcher; it is for one
// goroutine.
type Dispatcher struct {
	outbox  store.Outbox
	records Records
	log     *slog.Logger
	lines   []*line
}

// NewDispatcher returns a Dispatcher for the channels, whose names must differ. Without channels it empties the outbox and tells nobody.
func NewDispatcher(outbox store.Outbox, records Records, log *slog.Logger, channels ...Channel) *Dispatcher {
	d := &Dispatcher{outbox: outbox, records: records, log: log}
	for _, channel := range channels {
		d.lines = append(d.lines, &line{Channel: channel})
	}
	return d
}

const (
	claimSize = 10
	// deliverTimeout ends one delivery through one channel.
	deliverTimeout = 15 * time.Second
	// leaseTime is longer than a claim can take with three channels that all hang: nobody else begins with it meanwhile.
	leaseTime = 10 * time.Minute
	// stopGrace is how long a delivery that has begun may take once the server has been told to stop.
	stopGrace    = 5 * time.Second
	storeTimeout = 10 * time.Second

	firstRetry   = 10 * time.Second
	slowestRetry = time.Hour
	// maxAttempts is about a day of trying.
	maxAttempts = 32
)

// Tick delivers what is due at now, one after the other, and returns how many entries it took; while that is not 0 there may be more.
// One after the other, so that a crash leaves at most one that was told and not recorded. When ctx ends, Tick has a few seconds to
// finish what it has begun, so that a stop makes no duplicate, and gives back the rest.
func (d *Dispatcher) Tick(ctx context.Context, now time.Time) (int, error) {
	entries, err := d.outbox.ClaimOutbox(ctx, now, now.Add(leaseTime), claimSize)
	if err != nil {
		return 0, err
	}
	sending, stop := outlive(ctx, stopGrace)
	defer stop()
	for _, entry := range entries {
		if ctx.Err() != nil {
			err = d.postpone(ctx, entry, now)
		} else {
			err = d.deliver(sending, entry, now)
		}
		if err != nil {
			return len(entries), err // the store fails: what is told now would not be recorded; the lease of the rest will end
		}
	}
	return len(entries), nil
}

func (d *Dispatcher) deliver(ctx context.Context, entry store.OutboxEntry, now time.Time) error {
	entry.Event = entry.Event.FromVersion1()
	subject := SubjectOf(d.records, entry.Event)
	current, err := d.holds(ctx, entry.Event, subject, now)
	if err != nil && !errors.Is(err, ErrPermanent) {
		return errors.Join(err, d.postpone(ctx, entry, now.Add(firstRetry)))
	}
	if err != nil {
		d.log.LogAttrs(ctx, slog.LevelError, "gave up telling of an event that nobody understands", about(entry, err)...)
	}
	if !current {
		return d.complete(ctx, entry)
	}
	var failed bool
	for _, line := range d.lines {
		if slices.Contains(entry.Delivered, line.Name()) {
			continue
		}
		log := d.log.With(slog.String("channel", line.Name()))
		err := line.deliver(ctx, entry.Event, subject, now)
		switch {
		case err == nil:
			entry.Delivered = append(entry.Delivered, line.Name())
		case errors.Is(err, ErrPermanent) || entry.Attempts+1 >= maxAttempts:
			log.LogAttrs(ctx, slog.LevelError, "gave up telling of an event: nobody will hear of it unless you tell them", about(entry, err)...)
			entry.Delivered = append(entry.Delivered, line.Name())
		default:
			log.LogAttrs(ctx, slog.LevelWarn, "could not tell of an event; trying again later", about(entry, err)...)
			failed = true
		}
	}
	if !failed {
		return d.complete(ctx, entry)
	}
	entry.Attempts++
	return d.postpone(ctx, entry, now.Add(backOff(entry.Attempts, slowestRetry)))
}

func (d *Dispatcher) holds(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return holds(ctx, event, subject, now)
}

func (d *Dispatcher) complete(ctx context.Context, entry store.OutboxEntry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout) // what was told is recorded even at a stop
	defer cancel()
	if err := d.outbox.CompleteOutbox(ctx, entry); err != nil {
		return fmt.Errorf("event %s: %w", entry.Event.ID, err)
	}
	return nil
}

func (d *Dispatcher) postpone(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := d.outbox.PostponeOutbox(ctx, entry, due); err != nil {
		return fmt.Errorf("event %s: %w", entry.Event.ID, err)
	}
	return nil
}

// about is what a line of the log says of an entry.
func about(entry store.OutboxEntry, err error) []slog.Attr {
	event := entry.Event
	return []slog.Attr{
		slog.String("event", event.ID), slog.String("action", string(event.Action)), slog.String("tenant_id", event.TenantID),
		slog.String("user_id", event.UserID), slog.String("client_id", event.ClientID), slog.Int("attempt", entry.Attempts+1), slog.Any("error", err),
	}
}

// backOff doubles from ten seconds up to the slowest.
func backOff(attempts int, slowest time.Duration) time.Duration {
	wait := firstRetry
	for range max(attempts-1, 0) {
		if wait *= 2; wait >= slowest {
			return slowest
		}
	}
	return wait
}

// outlive returns a context that ends a while after ctx does.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}
