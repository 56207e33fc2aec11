package admin

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// listedMember and listedKey are the parts of a member and of an access key that tables search and sort by. Together with their strings
// they take about 250 bytes a key.
type listedMember struct {
	userID, name, email     string
	role                    policy.Role
	foldedName, foldedEmail string      // by policy.FoldText
	keys                    []listedKey // by client ID
}

type listedKey struct {
	owner                   *listedMember
	clientID, label         string
	foldedID, foldedLabel   string
	createdAt, secretIssued time.Time
	end                     time.Time // its own; mostly zero
	suspended               bool
}

// expiry is when the key expires; zero is never.
func (k *listedKey) expiry(p policy.ExpirationPolicy) time.Time {
	return policy.Earlier(p.Expiry(k.secretIssued), k.end)
}

func newListedMember(m policy.Membership, u policy.User) *listedMember {
	listed := &listedMember{
		userID: m.UserID, role: m.Role, name: u.Name, email: u.Email, foldedName: policy.FoldText(u.Name), foldedEmail: policy.FoldText(u.Email),
	}
	for _, key := range m.Keys {
		listed.keys = append(listed.keys, listedKey{
			owner: listed, clientID: key.ClientID, label: key.Label,
			foldedID: policy.FoldText(key.ClientID), foldedLabel: policy.FoldText(key.Label),
			createdAt: key.CreatedAt, secretIssued: key.SecretIssuedAt(), end: key.ExpiresAt, suspended: key.IsSuspended(),
		})
	}
	slices.SortFunc(listed.keys, func(a, b listedKey) int { return strings.Compare(a.clientID, b.clientID) })
	return listed
}

// memberIndex returns the current members of the tenant, sorted by user ID.
func (s *Service) memberIndex(ctx context.Context, in TenantContext) ([]*listedMember, error) {
	listed := func(memberships []policy.Membership) ([]*listedMember, error) {
		found, err := s.withUsers(ctx, in, memberships)
		members := make([]*listedMember, len(found))
		for i, m := range found {
			members[i] = newListedMember(m.Membership, m.User)
		}
		return members, err
	}
	return s.memberIndexes.lookup(ctx, in.Tenant.ID, source[*listedMember]{
		changes: []func(context.Context, store.Version) (store.Changes, error){
			func(ctx context.Context, since store.Version) (store.Changes, error) {
				return s.Store.MembershipChanges(ctx, in.Tenant.ID, since)
			},
			func(ctx context.Context, since store.Version) (store.Changes, error) {
				return s.Store.UserChanges(ctx, in.Account.ID, since)
			},
		},
		id: func(m *listedMember) string { return m.userID },
		read: func(ctx context.Context, ids []string) ([]*listedMember, error) {
			found, err := s.Store.MembershipsByID(ctx, in.Tenant.ID, ids)
			if err != nil {
				return nil, err
			}
			return listed(slices.Collect(maps.Values(found)))
		},
		all: func(ctx context.Context) (all []*listedMember, err error) {
			for page := (store.Page{Limit: walkSize}); ; {
				found, err := s.Store.Memberships(ctx, in.Tenant.ID, page)
				if err != nil || len(found) == 0 {
					return all, err
				}
				members, err := listed(found)
				if err != nil {
					return nil, err
				}
				all = append(all, members...)
				page.After = found[len(found)-1].UserID
			}
		},
	})
}
