package admin

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// examinedForKey is how many events of the account KeyEvents looks at for one answer: those of one key can lie far apart.
const examinedForKey = 20 * walkSize

// KeyEvents lists what the audit trail of the account says of one key of the tenant, newest first, behind the event with the ID after. It
// is for those who may read the key: its owner, and who may read the keys of the tenant. It looks at a bounded number of events, so an
// answer can have fewer than the limit, or none, and still a next; next is empty once the making of the key has been passed.
func (s *Service) KeyEvents(
	ctx context.Context, actor Actor, in TenantContext, clientID, after string, limit int,
) (found []policy.Event, next string, err error) {
	key, _, err := s.findKey(ctx, in, clientID, actor.At)
	if err != nil {
		return nil, "", err
	}
	if key.User.ID != actor.User.ID && actor.Require(policy.ScopeKeysRead) != nil {
		return nil, "", store.ErrNotFound
	}
	filter := EventFilter{ClientID: clientID, TenantID: in.Tenant.ID}
	query := store.EventsQuery{Before: after, Since: key.CreatedAt, Limit: walkSize}
	for examined := 0; examined < examinedForKey; examined += walkSize {
		events, err := s.Store.Events(ctx, in.Account.ID, query)
		if err != nil {
			return nil, "", err
		}
		for _, event := range events {
			if query.Before = event.ID; !filter.matches(event) {
				continue
			}
			if found = append(found, event.Public()); len(found) == limit {
				return found, event.ID, nil
			}
		}
		if len(events) < walkSize {
			return found, "", nil
		}
	}
	return found, query.Before, nil
}
