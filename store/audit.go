package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
)

// EventsQuery selects events of an account's audit trail, in the order of their IDs.
type EventsQuery struct {
	Before string    // an event ID: only older events than this one; empty for the newest
	Since  time.Time // only events at or after; zero for all
	// OldestFirst turns the order round. After is an event ID then: only newer events than this one; empty for the oldest.
	OldestFirst bool
	After       string
	Limit       int // at most this many; must be positive
}

// Arrival is an event at its place in the order of commits.
type Arrival struct {
	// Position is where to go on after the event. Only the store that returned it can read it.
	Position string
	Event    policy.Event
}

// ErrPositionLost is returned for a position that an audit trail, or the log of revocations, has never had, or has no longer: its history
// went back, or it is another store's.
var ErrPositionLost = errors.New("the position is not there: the history has changed, so read it from the start again")

// ErrPositionForgotten is the ErrPositionLost of a position behind which events were deleted, so that they can't be read from there.
var ErrPositionForgotten = fmt.Errorf("%w; events behind it have been deleted", ErrPositionLost)

// AuditTrail reads what the changes above have recorded.
//
// An event's ID begins with the time of the request, and it is committed later. So a reader in the order of IDs can pass a place where an
// event is still to come; only a reader of arrivals misses none.
type AuditTrail interface {
	// Events lists the events of an account and its tenants, newest first unless the query says otherwise.
	Events(ctx context.Context, accountID string, query EventsQuery) ([]policy.Event, error)
	// Arrivals lists the events of an account and its tenants after a position; empty for the start. Each event gets a place behind all
	// those that anybody has read, whatever its time, so that who goes on at the position of the last call reads each event once. Events of
	// one tenant are in the order of their commits. It reads up to limit places, some of whose events may be forgotten; next is where to go
	// on, also when there was nothing. An event is there at once, or within two minutes if its writer crashed right after the commit. Events
	// from before the store kept this order come first, by ID. ErrPositionLost if the position is not one of this trail, and
	// ErrPositionForgotten if ForgetEvents has emptied the trail beyond it.
	Arrivals(ctx context.Context, accountID, after string, limit int) (arrivals []Arrival, next string, err error)
	// RecordEvents appends events that go with no change, such as a refused sign-in. An event that is there already is not recorded again,
	// though announced again if it is to be.
	RecordEvents(ctx context.Context, events ...policy.Event) error
	// ForgetEvents deletes events of the account, in one short transaction at most a few: pass some hundreds. One that is gone is no error.
	ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error
}
