package notify

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"mintkey/store"
)

const (
	// patience is how long an entry waits for each channel before the next entry is delivered. It is far less than deliverTimeout, so that
	// a channel that hangs holds up no other.
	patience = time.Second
	// busyRetry is when an entry is due again whose channel was busy with another one.
	busyRetry = 3 * time.Second
)

// delivery is one entry on its way through the channels.
type delivery struct {
	entry  store.OutboxEntry
	failed bool // through some channel, so that it counts as an attempt
	busy   bool // some channel was not tried, because it had not finished an earlier entry
}

// attempt is the result of one channel.
type attempt struct {
	channel string
	err     error
}

func (w *OutboxWorker) deliver(ctx context.Context, entry store.OutboxEntry, now time.Time) error {
	entry.Event = entry.Event.FromVersion1()
	subject := SubjectOf(w.records, entry.Event)
	current, err := w.holds(ctx, entry.Event, subject, now)
	if err != nil && !errors.Is(err, ErrPermanent) {
		return errors.Join(err, w.postpone(ctx, entry, now.Add(firstRetry)))
	}
	if err != nil {
		w.log.LogAttrs(ctx, slog.LevelError, "gave up on an unreadable event", about(entry, err)...)
	}
	if !current {
		return w.complete(ctx, entry)
	}
	d := &delivery{entry: entry}
	late := w.tryChannels(ctx, d, subject, now)
	if len(late) == 0 {
		return w.finish(ctx, d, now)
	}
	// What is done so far is recorded before the wait for the rest. The entry stays leased. If that fails it is not tried again, because it
	// could then undo what is recorded of the rest.
	if err := w.save(ctx, outcome{entry: d.entry, due: now.Add(leaseTime)}); err != nil {
		w.log.LogAttrs(ctx, slog.LevelWarn, "recording a delivery failed; will record it with the rest", about(d.entry, err)...)
	}
	w.late.Go(func() {
		for _, pending := range late {
			w.note(ctx, d, <-pending)
		}
		if err := w.finish(ctx, d, now); err != nil {
			w.log.LogAttrs(ctx, slog.LevelError, "recording a delivery failed; will retry", about(d.entry, err)...)
		}
	})
	return nil
}

// tryChannels tries each channel that is not done, and returns those that have not answered yet. A subject is for one goroutine, so those
// after a late channel get another.
func (w *OutboxWorker) tryChannels(ctx context.Context, d *delivery, subject SubjectFunc, now time.Time) (late []<-chan attempt) {
	for _, breaker := range w.breakers {
		if slices.Contains(d.entry.Delivered, breaker.Name()) {
			continue
		}
		if !breaker.take() {
			d.busy = true
			continue
		}
		event, answer := d.entry.Event, make(chan attempt, 1)
		go func(subject SubjectFunc) {
			sending, stop := outlive(ctx, stopGrace)
			defer stop()
			err := breaker.deliver(sending, event, subject, now)
			breaker.free()
			answer <- attempt{breaker.Name(), err}
		}(subject)
		wait := time.NewTimer(patience)
		select {
		case done := <-answer:
			w.note(ctx, d, done)
		case <-wait.C:
			late = append(late, answer)
			subject = SubjectOf(w.records, event)
		}
		wait.Stop()
	}
	return late
}

// note keeps the result of a channel.
func (w *OutboxWorker) note(ctx context.Context, d *delivery, done attempt) {
	log := w.log.With(slog.String("channel", done.channel))
	switch {
	case done.err == nil:
		w.count(done.channel, AttemptDone)
		d.entry.Delivered = append(d.entry.Delivered, done.channel)
	case errors.Is(done.err, ErrPermanent) || d.entry.Attempts+1 >= maxAttempts:
		w.count(done.channel, AttemptGaveUp)
		log.LogAttrs(ctx, slog.LevelError, "gave up on an event", about(d.entry, done.err)...)
		d.entry.Delivered = append(d.entry.Delivered, done.channel)
	default:
		w.count(done.channel, AttemptFailed)
		log.LogAttrs(ctx, slog.LevelWarn, "delivery failed; will retry", about(d.entry, done.err)...)
		d.failed = true
	}
}

// finish records what became of the entry. It was tried at now, so a late one that failed may be due again at once.
func (w *OutboxWorker) finish(ctx context.Context, d *delivery, now time.Time) error {
	switch {
	case d.failed:
		d.entry.Attempts++
		return w.postpone(ctx, d.entry, now.Add(backOff(d.entry.Attempts, slowestRetry)))
	case d.busy:
		return w.postpone(ctx, d.entry, now.Add(busyRetry))
	default:
		return w.complete(ctx, d.entry)
	}
}
