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
	query := store.EventsQuery{Before: after, Since: key.CreatedAt, Limit: walkSize}
	return s.eventsWithin(ctx, in, EventFilter{ClientID: clientID, TenantID: in.Tenant.ID}, query, examinedForKey, limit)
}

// examinedForSignIn is how many of the newest events of the account LastSignIn looks at.
const examinedForSignIn = 5 * walkSize

// LastSignIn returns when and from where the user of the account signed in to the console last, if that is among the newest events of the
// account: else the event is zero.
func (s *Service) LastSignIn(ctx context.Context, in TenantContext, userID string) (policy.Event, error) {
	filter := EventFilter{Actor: userID, Action: policy.ActionSessionStarted}
	found, _, err := s.eventsWithin(ctx, in, filter, store.EventsQuery{Limit: walkSize}, examinedForSignIn, 1)
	if err != nil || len(found) == 0 {
		return policy.Event{}, err
	}
	return found[0], nil
}

// eventsWithin is Events that looks at a bounded number of events. next is empty once the query has no more.
func (s *Service) eventsWithin(
	ctx context.Context, in TenantContext, filter EventFilter, query store.EventsQuery, most, limit int,
) (found []policy.Event, next string, err error) {
	for examined := 0; examined < most; examined += query.Limit {
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
		if len(events) < query.Limit {
			return found, "", nil
		}
	}
	return found, query.Before, nil
}
