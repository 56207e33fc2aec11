package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
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

// OutboxWorker delivers the entries of the outbox through channels. Any number of replicas may run one. Make one with NewOutboxWorker; it
// is for one goroutine.
type OutboxWorker struct {
	outbox   store.Outbox
	records  Records
	log      *slog.Logger
	breakers []*breaker
	// Delivered is told of each attempt through a channel; nil for nobody. Set it before the first Tick.
	Delivered func(channel string, how Attempt)

	late sync.WaitGroup // deliveries that go on behind Tick

	mu sync.Mutex
	// unrecorded is what became of entries that this worker has leased, and that the store did not take.
	unrecorded []outcome
}

// Attempt is how an attempt to deliver an event through a channel ended.
type Attempt string

// The ways in which an attempt can end.
const (
	AttemptDone   Attempt = "done" // sent, or there was nobody to send it to
	AttemptFailed Attempt = "failed"
	AttemptGaveUp Attempt = "gave_up"
)

func (w *OutboxWorker) count(channel string, how Attempt) {
	if w.Delivered != nil {
		w.Delivered(channel, how)
	}
}

// outcome is what is to be recorded of an entry: that it is done, or when it is due.
type outcome struct {
	entry store.OutboxEntry
	done  bool
	due   time.Time
}

// NewOutboxWorker returns an OutboxWorker for the channels, whose names must differ. Without channels it only empties the outbox.
func NewOutboxWorker(outbox store.Outbox, records Records, log *slog.Logger, channels ...Channel) *OutboxWorker {
	w := &OutboxWorker{outbox: outbox, records: records, log: log}
	for _, channel := range channels {
		w.breakers = append(w.breakers, newBreaker(channel))
	}
	return w
}

const (
	claimSize = 10
	// deliverTimeout bounds one delivery through one channel.
	deliverTimeout = 15 * time.Second
	// leaseTime is longer than a claim can take even if three channels hang, so that no other replica takes it meanwhile.
	leaseTime = 10 * time.Minute
	// stopGrace is how long a delivery that has begun may take once the server has been told to stop.
	stopGrace    = 5 * time.Second
	storeTimeout = 10 * time.Second

	firstRetry   = 10 * time.Second
	slowestRetry = time.Hour
	// maxAttempts is about a day of trying.
	maxAttempts = 32
)

// Tick delivers what is due at now and returns how many entries it took; while that is not 0 there may be more. It delivers one entry after
// the other, so that a crash leaves at most one that was delivered and not recorded. A channel that does not answer soon goes on behind
// Tick with the one entry that it has, and is left out of the others meanwhile. When ctx ends, Tick takes a few seconds to finish the entry
// under way, so that a stop makes no duplicate, and gives back the rest. What could not be recorded is recorded by a later Tick, before
// anything else: else entries would wait for the end of their lease, or be delivered again after it. Wait waits for what goes on behind it.
func (w *OutboxWorker) Tick(ctx context.Context, now time.Time) (int, error) {
	if err := w.catchUp(ctx); err != nil {
		return 0, err
	}
	entries, err := w.outbox.ClaimOutbox(ctx, now, now.Add(leaseTime), claimSize)
	if err != nil {
		return 0, err
	}
	for i, entry := range entries {
		if ctx.Err() != nil {
			err = w.postpone(ctx, entry, now)
		} else {
			err = w.deliver(ctx, entry, now)
		}
		if err != nil {
			for _, rest := range entries[i+1:] {
				w.remember(outcome{entry: rest, due: now})
			}
			return len(entries), err
		}
	}
	return len(entries), nil
}

// Wait returns when no delivery is under way. Call it after the last Tick; once the context of the Ticks has ended it takes a few seconds.
func (w *OutboxWorker) Wait() { w.late.Wait() }

// catchUp records what could not be recorded before.
func (w *OutboxWorker) catchUp(ctx context.Context) error {
	w.mu.Lock()
	left := w.unrecorded
	w.unrecorded = nil
	w.mu.Unlock()
	for i, o := range left {
		if err := w.save(ctx, o); err != nil {
			w.remember(left[i:]...)
			return err
		}
	}
	return nil
}

// remember keeps outcomes for a later Tick.
func (w *OutboxWorker) remember(outcomes ...outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unrecorded = append(w.unrecorded, outcomes...)
}

func (w *OutboxWorker) holds(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return holds(ctx, event, subject, now)
}

func (w *OutboxWorker) complete(ctx context.Context, entry store.OutboxEntry) error {
	return w.record(ctx, outcome{entry: entry, done: true})
}

func (w *OutboxWorker) postpone(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	return w.record(ctx, outcome{entry: entry, due: due})
}

// record saves an outcome, or keeps it for a later Tick.
func (w *OutboxWorker) record(ctx context.Context, o outcome) error {
	err := w.save(ctx, o)
	if err != nil {
		w.remember(o)
	}
	return err
}

func (w *OutboxWorker) save(ctx context.Context, o outcome) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout) // even at a stop
	defer cancel()
	if o.done {
		err = w.outbox.CompleteOutbox(ctx, o.entry)
	} else {
		err = w.outbox.PostponeOutbox(ctx, o.entry, o.due)
	}
	if err != nil {
		return fmt.Errorf("event %s: %w", o.entry.Event.ID, err)
	}
	return nil
}

// about returns the attributes of an entry in the log.
func about(entry store.OutboxEntry, err error) []slog.Attr {
	event := entry.Event
	return []slog.Attr{
		slog.String("event", event.ID), slog.String("action", string(event.Action)), slog.String("tenant_id", event.TenantID),
		slog.String("user_id", event.UserID), slog.String("client_id", event.ClientID),
		slog.Int("attempt", entry.Attempts+1), slog.Any("error", err),
	}
}

// backOff doubles from ten seconds up to slowest.
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
