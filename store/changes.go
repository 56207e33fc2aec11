package store

import "context"

// Version is a state of a feed of changes. Only the feed that returned it can read it. The empty one is unknown to every feed.
type Version string

// Changes says what has changed between two versions of a feed.
type Changes struct {
	// IDs are those of the changed users, each at least once, in no order. They may include one whose record has not changed.
	IDs []string
	// Version is for the next call. Records that are read after this call are at least as new.
	Version Version
	// Complete is false when the version passed in is unknown or too old. IDs is empty then: all records must be read again.
	Complete bool
}

// ChangesKept is how many of the latest changes a feed keeps at least. It never keeps more than twice as many.
const ChangesKept = 1000

// Feeds are change feeds: they say which records a cache has to reload. A feed has every change that was committed before the call,
// by any connection: records that were created, changed or removed.
type Feeds interface {
	// MembershipChanges names the users whose memberships of the tenant have changed.
	MembershipChanges(ctx context.Context, tenantID string, since Version) (Changes, error)
	// UserChanges names the users of the account whose records have changed.
	UserChanges(ctx context.Context, accountID string, since Version) (Changes, error)
}
