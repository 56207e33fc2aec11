package store

import "context"

// Version is a state of a feed of changes. Only the feed that gave it out can read it. The empty one is unknown to every feed.
type Version string

// Changes says what has changed between two versions of a feed.
type Changes struct {
	// IDs are those of the users concerned, each at least once, in no order. One whose record is as before may be among them.
	IDs []string
	// Version is what to ask with the next time. What is read after the call is at least as new.
	Version Version
	// Complete is false when the version asked with is unknown or too old. IDs is empty then: all records must be read again.
	Complete bool
}

// ChangesKept is how many of the latest changes a feed tells of at least. With twice as many it has forgotten the oldest,
// so that what it holds is bounded.
const ChangesKept = 1000

// Feeds tell who keeps a copy of records which of them to read again. A feed tells of every change that is committed when it is asked,
// by whichever connection: of records that were made, changed and removed.
type Feeds interface {
	// MembershipChanges names the users whose memberships of the tenant have changed.
	MembershipChanges(ctx context.Context, tenantID string, since Version) (Changes, error)
	// UserChanges names the users of the account whose records have changed.
	UserChanges(ctx context.Context, accountID string, since Version) (Changes, error)
}
