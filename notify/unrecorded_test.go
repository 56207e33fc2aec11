package notify_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/store"
)

// awayOutbox is an outbox that takes nothing for a while.
type awayOutbox struct {
	store.Outbox
	away bool
}

func (o *awayOutbox) CompleteOutbox(ctx context.Context, entry store.OutboxEntry) error {
	if o.away {
		return store.ErrUnavailable
	}
	return o.Outbox.CompleteOutbox(ctx, entry)
}

func (o *awayOutbox) PostponeOutbox(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	if o.away {
		return store.ErrUnavailable
	}
	return o.Outbox.PostponeOutbox(ctx, entry, due)
}

// The store fails in the middle of a claim: when it is back, what was delivered is recorded and not delivered again, and the rest is
// delivered at once and not when the lease ends.
func TestWhatCouldNotBeRecordedIsCaughtUp(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	first, second, third := created("e1", noon), created("e2", noon), created("e3", noon)
	announce(t, s, first, second, third)
	outbox := &awayOutbox{Outbox: s, away: true}
	channel := &recorder{name: "mail"}
	worker := notify.NewOutboxWorker(outbox, s, logTo(new(bytes.Buffer)), channel)
	for range 3 {
		if _, err := worker.Tick(t.Context(), noon); err == nil {
			t.Error("no error while the store takes nothing")
		}
	}
	if channel.delivered() != 1 {
		t.Errorf("%d deliveries were made that could not be recorded, want 1", channel.delivered())
	}
	outbox.away = false
	for range 2 {
		if _, err := worker.Tick(t.Context(), noon.Add(time.Second)); err != nil {
			t.Error(err)
		}
	}
	if channel.delivered() != 3 {
		t.Errorf("%v were delivered, want each of three once", channel.deliver)
	}
	if count, _ := backlog(t, s); count != 0 {
		t.Errorf("%d entries are left", count)
	}
}
