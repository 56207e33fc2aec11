package storetest_test

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"mintkey/policy"
	"mintkey/store"
)

func feedTwins() []twin {
	feed := func(change func(*looseFeed)) func(store.Store) store.Store {
		var shared *looseFeed // by the two connections of a case
		return func(s store.Store) store.Store {
			if shared == nil {
				shared = &looseFeed{}
				change(shared)
			}
			return fed{s, shared}
		}
	}
	return []twin{
		{"changes name whose membership changed", "tells of its own connection only", func(s store.Store) store.Store {
			return fed{s, &looseFeed{}}
		}},
		{"changes name whose membership changed", "does not tell of removals", feed(func(f *looseFeed) { f.skipsRemovals = true })},
		{"changes name whose membership changed", "tells everything again", feed(func(f *looseFeed) { f.repeats = true })},
		{"changes name which user changed", "tells of new users only", func(s store.Store) store.Store { return &newUsersOnly{Store: s} }},
		{"changes name which user changed", "leaves out deletions", func(s store.Store) store.Store { return hidesDeleted{s} }},
		{"changes are of one tenant and of one account", "has one feed for all", feed(func(f *looseFeed) { f.mixes = true })},
		{"changes since an unknown version", "takes it for the start", func(s store.Store) store.Store { return alwaysComplete{s} }},
		{"changes since before a reopening", "counts anew", func(s store.Store) store.Store { return fed{s, &looseFeed{}} }},
		{"changes are forgotten when there are many", "forgets none", feed(func(*looseFeed) {})},
		{"changes are forgotten when there are many", "calls what is left complete", func(s store.Store) store.Store {
			return alwaysComplete{s}
		}},
		{"changes are told before anybody sees them", "tells late", feed(func(f *looseFeed) { f.late = true })},
		{"changes are told before anybody sees them", "tells before the commit", feed(func(f *looseFeed) { f.early = true })},
	}
}

// looseFeed is a feed beside the store.
type looseFeed struct {
	skipsRemovals, repeats, mixes, late, early bool

	mu      sync.Mutex
	changes []string // tenant, slash, user
}

func (f *looseFeed) tell(tenantID, userID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, tenantID+"/"+userID)
}

type fed struct {
	store.Store
	feed *looseFeed
}

func (b fed) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	removed := false
	err := b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, events, err := change(m)
		removed = !m.Exists()
		if b.feed.early {
			b.feed.tell(tenantID, userID)
		}
		return m, events, err
	})
	untold := b.feed.early || removed && b.feed.skipsRemovals
	if err == nil && !untold {
		if b.feed.late {
			for range 100 { // it takes its time
				_, _ = b.Membership(ctx, tenantID, userID)
			}
		}
		b.feed.tell(tenantID, userID)
	}
	return err
}

func (b fed) MembershipChanges(_ context.Context, tenantID string, since store.Version) (store.Changes, error) {
	b.feed.mu.Lock()
	defer b.feed.mu.Unlock()
	changes := store.Changes{Version: store.Version("v" + strconv.Itoa(len(b.feed.changes)))}
	if since == "" {
		return changes, nil
	}
	from, err := strconv.Atoi(string(since[1:]))
	if err != nil || from > len(b.feed.changes) {
		return changes, nil
	}
	if b.feed.repeats {
		from = 0
	}
	changes.Complete = true
	for _, change := range b.feed.changes[from:] {
		tenant, user, _ := strings.Cut(change, "/")
		if tenant == tenantID || b.feed.mixes {
			changes.IDs = append(changes.IDs, user)
		}
	}
	return changes, nil
}

type newUsersOnly struct {
	store.Store
	known sync.Map
}

func (b *newUsersOnly) UserChanges(ctx context.Context, accountID string, since store.Version) (store.Changes, error) {
	changes, err := b.Store.UserChanges(ctx, accountID, since)
	var fresh []string
	for _, id := range changes.IDs {
		if _, known := b.known.LoadOrStore(id, true); !known {
			fresh = append(fresh, id)
		}
	}
	changes.IDs = fresh
	return changes, err
}

type hidesDeleted struct{ store.Store }

func (b hidesDeleted) UserChanges(ctx context.Context, accountID string, since store.Version) (store.Changes, error) {
	changes, err := b.Store.UserChanges(ctx, accountID, since)
	var left []string
	for _, id := range changes.IDs {
		if _, err := b.User(ctx, accountID, id); err == nil {
			left = append(left, id)
		}
	}
	changes.IDs = left
	return changes, err
}

type alwaysComplete struct{ store.Store }

func (b alwaysComplete) MembershipChanges(ctx context.Context, tenantID string, since store.Version) (store.Changes, error) {
	changes, err := b.Store.MembershipChanges(ctx, tenantID, since)
	changes.Complete = true
	return changes, err
}
