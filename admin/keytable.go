package admin

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
)

// KeyState narrows a table of keys to those that need the same attention.
type KeyState string

// The states of a table of keys. The empty state is all keys.
const (
	KeysActive    KeyState = "active"
	KeysExpiring  KeyState = "expiring" // active, and within the first notice before expiry
	KeysUnused    KeyState = "unused"   // active, and marked unused
	KeysOld       KeyState = "old"      // active, and marked old or stale: there is no policy that would end them
	KeysSuspended KeyState = "suspended"
	KeysExpired   KeyState = "expired"
)

// KeyColumn is what a table of keys can be sorted by.
type KeyColumn string

// The columns of a table of keys.
const (
	ByClientID   KeyColumn = "client_id"
	ByUser       KeyColumn = "user"
	ByEmail      KeyColumn = "email"
	ByCreated    KeyColumn = "created"
	ByLastAccess KeyColumn = "last_access" // keys never used come first
	ByExpiry     KeyColumn = "expires"     // keys that never expire come last
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
	Counts   map[KeyState]int // of the keys that match the filter, by state; all of them under ""
}

// KeyTable lists the keys of the tenant in any order. It keeps a compact copy of the tenant for the next call; programs, which
// need no order, should call Keys, which is cheaper. In a large tenant the order by last access and the count of unused keys may be half a
// minute old.
func (s *Service) KeyTable(ctx context.Context, actor Actor, in TenantContext, q KeyTableQuery) (KeyTable, error) {
	rows, counts, err := s.keyRows(ctx, actor, in, q)
	if err != nil {
		return KeyTable{}, err
	}
	table := KeyTable{Counts: counts, Matching: len(rows)}
	from := min(max(q.Offset, 0), len(rows))
	to := min(from+q.Limit, len(rows))
	sortRange(rows, from, to, q.compare)
	if table.Keys, err = s.readRows(ctx, in, rows[from:to]); err != nil {
		return KeyTable{}, err
	}
	return table, nil
}

// EachKey visits all keys of a table in its order, whatever its offset and limit are. It reads a part at a time, so a key that is revoked
// meanwhile may be visited or not. It ends with the first error of visit.
func (s *Service) EachKey(ctx context.Context, actor Actor, in TenantContext, q KeyTableQuery, visit func(Key) error) error {
	rows, _, err := s.keyRows(ctx, actor, in, q)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, q.compare)
	for some := range slices.Chunk(rows, walkSize) {
		keys, err := s.readRows(ctx, in, some)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := visit(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyRows returns the rows of all keys that match, in no order, and the counts.
func (s *Service) keyRows(
	ctx context.Context, actor Actor, in TenantContext, q KeyTableQuery,
) (rows []row, byState map[KeyState]int, err error) {
	members, err := s.memberIndex(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	used, err := s.accessTimes(ctx, in.Tenant.ID, members, actor.At)
	if err != nil {
		return nil, nil, err
	}
	rows = make([]row, 0, q.most(members))
	states := keyStates()
	counts := make([]int, len(states))
	for key, expiry := range q.Filter.of(members, in.Account.Expiration, actor.At) {
		var lastAccess time.Time
		if q.Sort == ByLastAccess || policy.Unused(key.createdAt, time.Time{}, actor.At) { // for others the last access makes no difference
			lastAccess = used[key.clientID]
		}
		standing := newStanding(key, expiry, lastAccess, in.Account.Expiration, actor.At)
		for i, state := range states {
			if standing.is(state) {
				counts[i]++
			}
		}
		if standing.is(q.State) {
			rows = append(rows, q.row(key, expiry, lastAccess, len(rows)))
		}
	}
	byState = map[KeyState]int{}
	for i, state := range states {
		byState[state] = counts[i]
	}
	return rows, byState, nil
}

// readRows reads the keys of some rows, with their last access.
func (s *Service) readRows(ctx context.Context, in TenantContext, rows []row) ([]Key, error) {
	listed := make([]*listedKey, len(rows))
	for i, row := range rows {
		listed[i] = row.key
	}
	keys, err := s.readKeys(ctx, in, listed)
	if err != nil {
		return nil, err
	}
	return keys, s.addLastAccess(ctx, in.Tenant.ID, keys)
}

func keyStates() []KeyState {
	return []KeyState{"", KeysActive, KeysExpiring, KeysUnused, KeysOld, KeysSuspended, KeysExpired}
}

// standing returns the states that a key is in.
type standing struct{ expired, suspended, expiring, unused, old bool }

func newStanding(key *listedKey, expiry, lastAccess time.Time, p policy.ExpirationPolicy, now time.Time) standing {
	switch policy.StatusAt(expiry, key.suspended, now) {
	case policy.StatusExpired:
		return standing{expired: true}
	case policy.StatusSuspended:
		return standing{suspended: true}
	default:
		expiring := policy.ExpiresWithin(expiry, now, policy.SoonDays)
		return standing{
			expiring: expiring, unused: policy.Unused(key.secretIssued, lastAccess, now), old: policy.Old(key.secretIssued, p, now),
		}
	}
}

func (s standing) is(state KeyState) bool {
	switch state {
	case "":
		return true
	case KeysActive:
		return !s.expired && !s.suspended
	case KeysExpiring:
		return s.expiring
	case KeysUnused:
		return s.unused
	case KeysOld:
		return s.old
	case KeysSuspended:
		return s.suspended
	case KeysExpired:
		return s.expired
	default:
		return false
	}
}

// most is how many rows to expect.
func (q KeyTableQuery) most(members []*listedMember) (keys int) {
	if q.Filter != (KeyFilter{}) || q.State != "" {
		return 0
	}
	for _, m := range members {
		keys += len(m.keys)
	}
	return keys
}

// row is a key with its sort key: a text or a time. It is small, because one page may take a hundred thousand of them.
type row struct {
	key     *listedKey
	text    string
	seconds int64
	nanos   int32
	place   int32 // in the order of user and client ID
}

func (q KeyTableQuery) row(key *listedKey, expiry, lastAccess time.Time, place int) row {
	r := row{key: key, place: int32(place)}
	switch q.Sort {
	case ByClientID:
		r.text = key.clientID
	case ByEmail:
		r.text = key.owner.foldedEmail
	case ByCreated:
		r.setTime(key.createdAt)
	case ByLastAccess:
		r.setTime(lastAccess)
	case ByExpiry:
		if r.seconds = math.MaxInt64; !expiry.IsZero() {
			r.setTime(expiry)
		}
	default:
		r.text = key.owner.foldedName
	}
	return r
}

func (r *row) setTime(t time.Time) { r.seconds, r.nanos = t.Unix(), int32(t.Nanosecond()) }

// compare orders rows by the column asked for; those that are equal stay in the order of user and client ID.
func (q KeyTableQuery) compare(a, b row) int {
	order := cmp.Compare(a.seconds, b.seconds)
	if order == 0 {
		order = cmp.Compare(a.nanos, b.nanos)
	}
	if order == 0 {
		order = strings.Compare(a.text, b.text)
	}
	if q.Descending {
		order = -order
	}
	if order == 0 {
		order = cmp.Compare(a.place, b.place)
	}
	return order
}
