package store

import (
	"context"
	"time"

	"mintkey/policy"
)

// OutboxEntry is an event still to be delivered, with the state of each channel.
type OutboxEntry struct {
	Event policy.Event `json:"event"`
	// Attempts counts the failed tries so far.
	Attempts int `json:"attempts,omitempty"`
	// Delivered names the channels that are done, so that a retry for one does not repeat another.
	Delivered []string `json:"delivered,omitempty"`
}

// Outbox holds the events that were written with Announce set, in the same write as the change that they describe.
// Any number of processes may claim from it.
type Outbox interface {
	// ClaimOutbox leases entries that are due at now, oldest first: no other caller gets them until the lease ends. At most limit,
	// which must be positive.
	ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]OutboxEntry, error)
	// CompleteOutbox removes an entry. It is no error if it is gone already.
	CompleteOutbox(ctx context.Context, entry OutboxEntry) error
	// PostponeOutbox saves the entry as it is now and makes it due at the given time. One that is gone stays gone.
	PostponeOutbox(ctx context.Context, entry OutboxEntry, due time.Time) error
	// Backlog tells how much there is, leased or not. Beyond MaxBacklog entries it counts no more, and Oldest may not be the very oldest.
	Backlog(ctx context.Context) (Backlog, error)
}

// Backlog is how much is in an outbox.
type Backlog struct {
	Entries int
	Oldest  time.Time // when the oldest event happened, to the millisecond; zero without any
}

// MaxBacklog bounds what Backlog reads.
const MaxBacklog = 10_000

// Add counts the entry of an event.
func (b *Backlog) Add(eventID string) {
	b.Entries++
	if at := policy.EventIDTime(eventID); b.Oldest.IsZero() || at.Before(b.Oldest) {
		b.Oldest = at
	}
}
