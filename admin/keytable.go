package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
)

// KeyState narrows a table of keys to those that want the same attention.
type KeyState string

// The states of a table of keys. The empty one is all.
const (
	KeysActive   KeyState = "active"
	KeysExpiring KeyState = "expiring" // active, and within the first notice before expiry
	KeysUnused   KeyState = "unused"   // active, and marked unused
	KeysExpired  KeyState = "expired"
)

// KeyColumn is what a table of keys can be sorted by.
type KeyColumn string

// The columns of a table of keys.
const (
	ByClientID   KeyColumn = "client_id"
	ByUser       KeyColumn = "user"
	ByEmail      KeyColumn = "email"
	ByCreated    KeyColumn = "created"
	ByLastAccess KeyColumn = "last_access" // never comes first
	ByExpiry     KeyColumn = "expires"     // never comes last
)

// KeyTableQuery asks for one page of a sorted table.
type KeyTableQuery struct {
	Filter     KeyFilter
	State      KeyState
	Sort       KeyColumn
	Descending bool
	Offset     int
	Limit      int
}

// KeyTable is one page of the keys that match, with counts over all pages.
type KeyTable struct {
	Keys     []Key
	Matching int
	Counts   map[KeyState]int // of what matches the filter, in each state; under "" all
}

// KeyTable lists the keys of the tenant of the place in any order. It reads the whole tenant: for programs, which want no order, Keys is
// the cheaper call.
func (o *Office) KeyTable(ctx context.Context, actor Actor, in Place, q KeyTableQuery) (KeyTable, error) {
	var keys []Key
	for key, err := range o.walk(ctx, in, cursor{}, actor.At) {
		if err != nil {
			return KeyTable{}, err
		}
		if q.Filter.matches(key, in.Account.Expiration, actor.At) {
			keys = append(keys, key)
		}
	}
	for batch := range slices.Chunk(keys, walkSize) {
		if err := o.addLastAccess(ctx, in.Tenant.ID, batch); err != nil {
			return KeyTable{}, err
		}
	}
	table := KeyTable{Counts: map[KeyState]int{"": len(keys)}}
	keys = slices.DeleteFunc(keys, func(k Key) bool {
		states := k.states(in.Account.Expiration, actor.At)
		for _, state := range states {
			table.Counts[state]++
		}
		return q.State != "" && !slices.Contains(states, q.State)
	})
	slices.SortStableFunc(keys, q.order(in.Account.Expiration))
	table.Matching = len(keys)
	from := min(max(q.Offset, 0), len(keys))
	table.Keys = keys[from:min(from+q.Limit, len(keys))]
	return table, nil
}

func (k Key) states(p policy.ExpirationPolicy, now time.Time) []KeyState {
	expiry := k.Expiry(p)
	if policy.Expired(expiry, now) {
		return []KeyState{KeysExpired}
	}
	states := []KeyState{KeysActive}
	if !expiry.IsZero() && !now.Before(policy.NoticeTime(expiry, policy.NoticeDays()[0])) {
		states = append(states, KeysExpiring)
	}
	if slices.Contains(k.Marks(k.LastAccess, p, now), policy.MarkUnused) {
		states = append(states, KeysUnused)
	}
	return states
}

// order compares keys by the column asked for; those that are equal stay in the order of user and client ID.
func (q KeyTableQuery) order(p policy.ExpirationPolicy) func(a, b Key) int {
	by := func(a, b Key) int {
		switch q.Sort {
		case ByClientID:
			return cmp.Compare(a.ClientID, b.ClientID)
		case ByEmail:
			return cmp.Compare(policy.FoldEmail(a.User.Email), policy.FoldEmail(b.User.Email))
		case ByCreated:
			return a.CreatedAt.Compare(b.CreatedAt)
		case ByLastAccess:
			return a.LastAccess.Compare(b.LastAccess)
		case ByExpiry:
			return compareExpiry(a.Expiry(p), b.Expiry(p))
		default:
			return cmp.Compare(strings.ToLower(a.User.Name), strings.ToLower(b.User.Name))
		}
	}
	if q.Descending {
		return func(a, b Key) int { return by(b, a) }
	}
	return by
}
