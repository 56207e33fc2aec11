package admin

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// UserState narrows a table of users.
type UserState string

// The states of users. The empty one is all.
const (
	UsersActive     UserState = "active" // persons and robots that are not disabled
	UsersDisabled   UserState = "disabled"
	UsersRobots     UserState = "robots"
	UsersNoPassword UserState = "no_password" // persons without one
	UsersNeverIn    UserState = "never"       // persons who have not signed in yet, as far as it is recorded
)

// UserColumn is what a table of users can be sorted by.
type UserColumn string

// The columns of a table of users.
const (
	ByUserName   UserColumn = "name"
	ByUserEmail  UserColumn = "email"
	ByUserMade   UserColumn = "created"
	ByLastSignIn UserColumn = "last_sign_in" // those who never did come first
	ByUserKeys   UserColumn = "keys"
)

// UserQuery asks for one page of a sorted table.
type UserQuery struct {
	Text       string      // each word in the name or the e-mail address
	Role       policy.Role // of the account or, with a tenant, in that; empty for any
	TenantID   string      // members of this tenant of the account; empty for everybody
	State      UserState
	Sort       UserColumn
	Descending bool
	Offset     int
	Limit      int
}

// UserTable is one page of the users that match.
type UserTable struct {
	Users    []policy.User
	Keys     map[string]int // access keys in the account or, with a tenant, in that
	Matching int
}

// UserTable lists users of the account in any order. In an account with many keys, their numbers may be half a minute old.
func (s *Service) UserTable(ctx context.Context, actor Actor, in TenantContext, q UserQuery) (table UserTable, err error) {
	listed, err := s.userIndex(ctx, in)
	if err != nil {
		return table, err
	}
	members, err := s.membersWith(ctx, in, q)
	if err != nil {
		return table, err
	}
	keys := map[string]int{}
	if q.TenantID == "" {
		if keys, err = s.keyCounts(ctx, in.Account.ID, actor.At); err != nil {
			return table, err
		}
	}
	search := policy.NewSearch(q.Text)
	var rows []userRow
	for i := range listed {
		u := &listed[i]
		if !u.is(q.State) || q.TenantID == "" && q.Role != "" && !slices.Contains(u.roles, q.Role) || !search.In(u.foldedName, u.foldedEmail) {
			continue
		}
		row := userRow{listedUser: u, keys: keys[u.id]}
		if q.TenantID != "" {
			m, ok := members[u.id]
			if !ok {
				continue
			}
			row.keys = len(m.keys)
		}
		rows = append(rows, row)
	}
	table.Matching, table.Keys = len(rows), map[string]int{}
	from := min(max(q.Offset, 0), len(rows))
	to := min(from+q.Limit, len(rows))
	sortRange(rows, from, to, q.compare)
	ids := make([]string, 0, to-from)
	for _, row := range rows[from:to] {
		ids = append(ids, row.id)
		table.Keys[row.id] = row.keys
	}
	users, err := s.Store.UsersByID(ctx, in.Account.ID, ids)
	for _, id := range ids {
		if u, ok := users[id]; ok {
			table.Users = append(table.Users, u)
		}
	}
	return table, err
}

// userRow is small, because one page may take many.
type userRow struct {
	*listedUser

	keys int
}

// membersWith returns the members of the query's tenant, with its role if there is one; nil without a tenant.
func (s *Service) membersWith(ctx context.Context, in TenantContext, q UserQuery) (map[string]*listedMember, error) {
	if q.TenantID == "" {
		return nil, nil //nolint:nilnil // no tenant is asked for
	}
	tenant, err := s.Store.Tenant(ctx, q.TenantID)
	if err != nil {
		return nil, err
	}
	if tenant.AccountID != in.Account.ID {
		return nil, store.ErrNotFound
	}
	listed, err := s.memberIndex(ctx, TenantContext{Account: in.Account, Tenant: tenant})
	members := make(map[string]*listedMember, len(listed))
	for _, m := range listed {
		if q.Role == "" || m.role == q.Role {
			members[m.userID] = m
		}
	}
	return members, err
}

func (u *listedUser) is(state UserState) bool {
	switch state {
	case "":
		return true
	case UsersActive:
		return !u.disabled
	case UsersDisabled:
		return u.disabled
	case UsersRobots:
		return u.robot
	case UsersNoPassword:
		return !u.robot && !u.password
	case UsersNeverIn:
		return !u.robot && u.lastSignIn.IsZero()
	default:
		return false
	}
}

// compare orders users by the column asked for; those that are equal are in the order of names and IDs.
func (q UserQuery) compare(a, b userRow) int {
	var order int
	switch q.Sort {
	case ByUserEmail:
		order = strings.Compare(a.foldedEmail, b.foldedEmail)
	case ByUserMade:
		order = a.created.Compare(b.created)
	case ByLastSignIn:
		order = a.lastSignIn.Compare(b.lastSignIn)
	case ByUserKeys:
		order = cmp.Compare(a.keys, b.keys)
	default:
		order = strings.Compare(a.foldedName, b.foldedName)
	}
	if q.Descending {
		order = -order
	}
	return cmp.Or(order, strings.Compare(a.foldedName, b.foldedName), strings.Compare(a.id, b.id))
}

// countedKeys caches how many access keys the users of some accounts have.
type countedKeys struct {
	mu        sync.Mutex
	byAccount map[string]keyCount
}

type keyCount struct {
	at     time.Time
	byUser map[string]int // never changed
	total  int
}

// keyCountsHeld is of how many accounts the counts are held.
const keyCountsHeld = 64

// keysCountedAtOnce is how many entries of an order of keys are read at a time.
const keysCountedAtOnce = 5000

// keyCounts returns how many access keys each user of the account has. It goes by the order of keys by issue, which is far cheaper to read
// than the keys; one that waits for its pick-up counts once it has a secret. The counts of many are at most accessLag old.
func (s *Service) keyCounts(ctx context.Context, accountID string, now time.Time) (map[string]int, error) {
	count, err := s.keyCount(ctx, accountID, now)
	return count.byUser, err
}

func (s *Service) keyCount(ctx context.Context, accountID string, now time.Time) (keyCount, error) {
	s.keyCounted.mu.Lock()
	held, ok := s.keyCounted.byAccount[accountID]
	s.keyCounted.mu.Unlock()
	if ok && now.Sub(held.at).Abs() < accessLag {
		return held, nil
	}
	count := keyCount{at: now, byUser: map[string]int{}}
	err := s.Store.EachKeyByIssue(ctx, accountID, time.Time{}, endOfTime(), func(key store.DatedKey) error {
		count.byUser[key.UserID]++
		count.total++
		return nil
	})
	if err != nil {
		return keyCount{}, err
	}
	if count.total <= keysCountedAtOnce {
		return count, nil // read at once, and so always as of now
	}
	s.keyCounted.mu.Lock()
	defer s.keyCounted.mu.Unlock()
	if s.keyCounted.byAccount == nil {
		s.keyCounted.byAccount = map[string]keyCount{}
	}
	maps.DeleteFunc(s.keyCounted.byAccount, func(string, keyCount) bool { return len(s.keyCounted.byAccount) >= keyCountsHeld })
	s.keyCounted.byAccount[accountID] = count
	return count, nil
}
