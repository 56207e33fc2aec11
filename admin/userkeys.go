package admin

import (
	"context"
	"errors"
	"strings"

	"mintkey/store"
)

// UserKeys lists the access keys of a user of the account in all tenants, by tenant and client ID, without those that no longer show (R14).
// It is store.ErrNotFound if there is no such user. The cursor is empty on the last page.
func (s *Service) UserKeys(
	ctx context.Context, actor Actor, in TenantContext, userID string, page KeyPage,
) (keys []Key, next string, err error) {
	user, err := s.Store.User(ctx, in.Account.ID, userID)
	if err != nil {
		return nil, "", err
	}
	tenants, err := s.Store.TenantsOf(ctx, in.Account.ID, userID)
	if err != nil {
		return nil, "", err
	}
	afterTenant, afterClient, _ := strings.Cut(page.After, "/")
	for _, tenantID := range tenants {
		if tenantID < afterTenant {
			continue
		}
		m, err := s.Store.Membership(ctx, tenantID, userID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !m.BelongsTo(user) {
			continue // it ended just now
		}
		if err != nil {
			return nil, "", err
		}
		var found []Key
		for _, key := range listed(m, in.Account.Expiration, actor.At) {
			if tenantID > afterTenant || key.ClientID > afterClient {
				found = append(found, Key{AccessKey: key, Membership: m, User: user})
			}
		}
		more := len(keys)+len(found) > page.Limit
		if more {
			found = found[:page.Limit-len(keys)]
		}
		if err := s.addLastAccess(ctx, tenantID, found); err != nil {
			return nil, "", err
		}
		if keys = append(keys, found...); more {
			last := keys[len(keys)-1]
			return keys, last.Membership.TenantID + "/" + last.ClientID, nil
		}
	}
	return keys, "", nil
}
