package admin_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// everyKey reads the listed keys of the tenant from the store, in the order of user and client ID: what the service's tables must come to.
func everyKey(t testing.TB, s store.Store, in admin.TenantContext, now time.Time) []admin.Key {
	t.Helper()
	memberships, err := s.Memberships(t.Context(), in.Tenant.ID, store.Page{Limit: 1 << 20})
	must(t, err)
	var userIDs, clientIDs []string
	for _, m := range memberships {
		userIDs = append(userIDs, m.UserID)
		for _, key := range m.Keys {
			clientIDs = append(clientIDs, key.ClientID)
		}
	}
	users, err := s.UsersByID(t.Context(), in.Account.ID, userIDs)
	must(t, err)
	uses, err := s.Accesses(t.Context(), in.Tenant.ID, clientIDs)
	must(t, err)
	var keys []admin.Key
	for _, m := range memberships {
		own := slices.DeleteFunc(slices.Clone(m.Keys), func(k policy.AccessKey) bool { return k.Purgeable(in.Account.Expiration, now) })
		slices.SortFunc(own, func(a, b policy.AccessKey) int { return cmp.Compare(a.ClientID, b.ClientID) })
		for _, key := range own {
			keys = append(keys, admin.Key{AccessKey: key, Membership: m, User: users[m.UserID], LastAccess: uses[key.ClientID]})
		}
	}
	return keys
}

func matching(keys []admin.Key, f admin.KeyFilter, p policy.ExpirationPolicy, now time.Time) []admin.Key {
	return slices.DeleteFunc(slices.Clone(keys), func(k admin.Key) bool {
		parts := strings.Join([]string{k.ClientID, k.User.Name, k.User.Email, k.Label}, "\n")
		return f.UserID != "" && k.Membership.UserID != f.UserID || f.Status != "" && k.Status(p, now) != f.Status ||
			!hasWords(parts, f.Text)
	})
}

func hasWords(record, text string) bool {
	record = policy.FoldText(record)
	return !slices.ContainsFunc(strings.Fields(policy.FoldText(text)), func(word string) bool { return !strings.Contains(record, word) })
}

// tableOf sorts all that matches, and cuts the page out.
func tableOf(keys []admin.Key, q admin.KeyTableQuery, p policy.ExpirationPolicy, now time.Time) admin.KeyTable {
	keys = matching(keys, q.Filter, p, now)
	in := func(k admin.Key, state admin.KeyState) bool {
		expiry, active := k.Expiry(p), k.Status(p, now) == policy.StatusActive
		switch state {
		case admin.KeysActive:
			return active
		case admin.KeysExpiring:
			return active && !expiry.IsZero() && !now.Before(policy.NoticeTime(expiry, 30))
		case admin.KeysOld:
			return active && slices.Contains(k.Marks(k.LastAccess.At, p, now), policy.MarkOld)
		case admin.KeysUnused:
			return active && slices.Contains(k.Marks(k.LastAccess.At, p, now), policy.MarkUnused)
		case admin.KeysSuspended:
			return k.Status(p, now) == policy.StatusSuspended
		case admin.KeysExpired:
			return k.Status(p, now) == policy.StatusExpired
		default:
			return true
		}
	}
	table := admin.KeyTable{Counts: map[admin.KeyState]int{}}
	for _, state := range states() {
		table.Counts[state] = 0
		for _, key := range keys {
			if in(key, state) {
				table.Counts[state]++
			}
		}
	}
	keys = slices.DeleteFunc(keys, func(k admin.Key) bool { return !in(k, q.State) })
	slices.SortStableFunc(keys, func(a, b admin.Key) int {
		if q.Descending {
			a, b = b, a
		}
		return compareBy(q.Sort, a, b, p)
	})
	from := min(q.Offset, len(keys))
	table.Matching, table.Keys = len(keys), keys[from:min(from+q.Limit, len(keys))]
	return table
}

func compareBy(column admin.KeyColumn, a, b admin.Key, p policy.ExpirationPolicy) int {
	switch column {
	case admin.ByClientID:
		return cmp.Compare(a.ClientID, b.ClientID)
	case admin.ByEmail:
		return cmp.Compare(policy.FoldText(a.User.Email), policy.FoldText(b.User.Email))
	case admin.ByCreated:
		return a.CreatedAt.Compare(b.CreatedAt)
	case admin.ByLastAccess:
		return a.LastAccess.At.Compare(b.LastAccess.At)
	case admin.ByExpiry:
		never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		x, y := a.Expiry(p), b.Expiry(p)
		if x.IsZero() {
			x = never
		}
		if y.IsZero() {
			y = never
		}
		return x.Compare(y)
	default:
		return cmp.Compare(policy.FoldText(a.User.Name), policy.FoldText(b.User.Name))
	}
}

func states() []admin.KeyState {
	return []admin.KeyState{
		"", admin.KeysActive, admin.KeysExpiring, admin.KeysUnused, admin.KeysOld, admin.KeysSuspended, admin.KeysExpired,
	}
}

func columns() []admin.KeyColumn {
	return []admin.KeyColumn{admin.ByClientID, admin.ByUser, admin.ByEmail, admin.ByCreated, admin.ByLastAccess, admin.ByExpiry, ""}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
