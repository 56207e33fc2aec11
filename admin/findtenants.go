package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

// TenantState narrows a list of tenants.
type TenantState string

// The states of tenants. The empty one is all.
const (
	TenantsActive    TenantState = "active"
	TenantsSuspended TenantState = "suspended"
	TenantsPasswords TenantState = "passwords" // whose release still lets passwords fetch tokens (R20)
)

// TenantColumn is what a list of tenants can be sorted by.
type TenantColumn string

// The columns of a list of tenants.
const (
	ByTenantName    TenantColumn = "name"
	ByTenantID      TenantColumn = "id"
	ByTenantRelease TenantColumn = "release"
	ByTenantCreated TenantColumn = "created"
)

// TenantQuery asks for one page of a sorted list.
type TenantQuery struct {
	Text       string // each word in the name or the ID: see policy.NewSearch
	State      TenantState
	Sort       TenantColumn
	Descending bool
	Offset     int
	Limit      int
	// Member is whose roles are wanted: a user of the account whom the actor administers. Empty is the actor's own. With OnlyTheirs,
	// only tenants that this user is a member of are listed.
	Member     policy.User
	OnlyTheirs bool
}

// TenantTable is one page of the tenants that match.
type TenantTable struct {
	Tenants  []policy.Tenant
	Roles    map[string]policy.Role // of the member, by tenant
	Keys     map[string]int         // access keys of the member, by tenant
	Matching int
	All      int // of the account, or of those that the actor is a member of
}

type foundTenant struct {
	policy.Tenant

	folded string // the name
}

// FindTenants lists tenants: all of the account for its admins, and for everybody else those that they are a member of. An account has
// some thousands of tenants at most, so they are read for each call, by hundreds.
func (s *Service) FindTenants(ctx context.Context, actor Actor, in TenantContext, q TenantQuery) (table TenantTable, err error) {
	everything, search := actor.Authority() >= policy.AuthorityAccountAdmin, policy.NewSearch(q.Text)
	if !everything && (in.Account.ID != actor.Account.ID || q.Member.ID != "") {
		return table, store.ErrNotFound
	}
	if q.Member.ID == "" {
		q.Member = actor.User
	}
	own, err := s.Store.TenantsOf(ctx, in.Account.ID, q.Member.ID)
	if err != nil {
		return table, err
	}
	everything = everything && !q.OnlyTheirs
	var found []foundTenant
	for page := (store.Page{Limit: walkSize}); everything || len(own) > 0; {
		some, err := s.Store.Tenants(ctx, in.Account.ID, page)
		if err != nil {
			return table, err
		}
		for _, t := range some {
			if _, member := slices.BinarySearch(own, t.ID); !everything && !member {
				continue
			}
			folded := policy.FoldText(t.Name)
			if table.All++; q.is(t) && search.In(folded, t.ID) {
				found = append(found, foundTenant{t, folded})
			}
		}
		if len(some) < page.Limit {
			break
		}
		page.After = some[len(some)-1].ID
	}
	slices.SortFunc(found, q.compare)
	table.Matching = len(found)
	from := min(max(q.Offset, 0), len(found))
	for _, t := range found[from:min(from+q.Limit, len(found))] {
		table.Tenants = append(table.Tenants, t.Tenant)
	}
	return table, s.fillRoles(ctx, q.Member, own, &table)
}

// fillRoles reads what the member is in those of the tenants that are among their own.
func (s *Service) fillRoles(ctx context.Context, member policy.User, own []string, table *TenantTable) error {
	table.Roles, table.Keys = map[string]policy.Role{}, map[string]int{}
	for _, t := range table.Tenants {
		if _, found := slices.BinarySearch(own, t.ID); !found {
			continue
		}
		m, err := s.Store.Membership(ctx, t.ID, member.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // it ended just now
		}
		if err != nil {
			return err
		}
		if m.BelongsTo(member) {
			table.Roles[t.ID], table.Keys[t.ID] = m.Role, len(m.Keys)
		}
	}
	return nil
}

func (q TenantQuery) is(t policy.Tenant) bool {
	switch q.State {
	case "":
		return true
	case TenantsActive:
		return !t.IsSuspended()
	case TenantsSuspended:
		return t.IsSuspended()
	case TenantsPasswords:
		return t.Release.AllowsPassword()
	default:
		return false
	}
}

// compare orders tenants by the column asked for; those that are equal are in the order of IDs.
func (q TenantQuery) compare(a, b foundTenant) int {
	order := 0
	switch q.Sort {
	case ByTenantID:
	case ByTenantRelease:
		order = a.Release.Compare(b.Release)
	case ByTenantCreated:
		order = a.CreatedAt.Compare(b.CreatedAt)
	default:
		order = strings.Compare(a.folded, b.folded)
	}
	if order = cmp.Or(order, strings.Compare(a.ID, b.ID)); q.Descending {
		return -order
	}
	return order
}
