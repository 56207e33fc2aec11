package admin

import (
	"context"
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

// changeMembership changes a membership and, once the change is saved, revokes the tokens that its events name. Each event is in the outbox
// too: should the server die right after the change, gateways learn of it from there. It is store.ErrUnconfirmed
// if all that is done, and no replica has confirmed it.
func (s *Service) changeMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		saved, err := s.changeAndPublish(ctx, tenantID, userID, change)
		if err != nil {
			return err
		}
		for _, event := range saved {
			if event.Action == policy.ActionKeyRevoked {
				s.saveTombstone(ctx, event)
			}
		}
		return nil
	})
}

// changeAndPublish is changeMembership without tombstones, and returns the saved events.
func (s *Service) changeAndPublish(
	ctx context.Context, tenantID, userID string, change store.MembershipChange,
) (saved []policy.Event, err error) {
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		err := s.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			after, events, err := change(m)
			saved = events // of the last run, which is the one that is saved
			return after, events, err
		})
		if err != nil {
			return err
		}
		for _, event := range saved {
			_ = s.publish(ctx, event) // logged, and the outbox retries
		}
		return nil
	})
	return saved, err
}

// publish tells gateways at once which tokens a saved event has ended.
func (s *Service) publish(ctx context.Context, event policy.Event) error {
	if s.Revoked == nil || event.Payload.Revoked == nil && event.Payload.Ended == nil {
		return nil
	}
	return s.Revoked(ctx, event)
}

// endKey revokes a key. A server that can't say whether the revocation is made and confirmed answers with an error, and the repeat finds
// no key any more: so the tombstone is written first, and is open until the caller has been told. See revokeAgain.
func (s *Service) endKey(ctx context.Context, key Key, event policy.Event, change store.MembershipChange) error {
	s.saveRevocation(store.WithoutConfirmation(ctx), event, true)
	_, err := s.changeAndPublish(ctx, event.TenantID, key.User.ID, change)
	if errors.Is(err, policy.ErrKeyNotFound) && !s.lives(ctx, event.ClientID) {
		return s.revokeAgain(ctx, event.TenantID, event.ClientID, err) // somebody was quicker
	}
	if err != nil {
		return inEffect(err)
	}
	s.saveRevocation(ctx, event, false)
	return nil
}

// revokeAgain is for a key that is gone. If the revocation was not answered with success yet, it tells gateways again and succeeds once
// that is confirmed. Otherwise it returns the given error.
func (s *Service) revokeAgain(ctx context.Context, tenantID, clientID string, gone error) error {
	found, err := s.tombstones().Get(ctx, clientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return gone
	case err != nil:
		return err
	case found.Untold == nil || found.TenantID != tenantID:
		return gone
	}
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		if err := s.publish(ctx, *found.Untold); err != nil {
			return err
		}
		return s.Store.Confirm(ctx, tenantID)
	})
	if err == nil {
		s.saveRevocation(ctx, *found.Untold, false)
	}
	return inEffect(err)
}

// keyEvent records what happened to a key, and puts it into the outbox, because its owner may have to be told.
func keyEvent(actor Actor, action policy.Action, m policy.Membership, key policy.AccessKey, details map[string]string) policy.Event {
	event := actor.event(action, m.AccountID)
	event.TenantID, event.UserID, event.ClientID, event.Details = m.TenantID, m.UserID, key.ClientID, details
	event.Payload.Key = &policy.KeyFacts{Label: key.Label}
	event.Announce = true
	return event
}

// revokedEvent records that a key was revoked, with all its tokens.
func revokedEvent(actor Actor, m policy.Membership, key policy.AccessKey, details map[string]string) policy.Event {
	event := keyEvent(actor, policy.ActionKeyRevoked, m, key, details)
	event.Payload.Revoked = policy.RevokedTokensOf(key)
	return event
}

// revokedEvents records each key that was revoked with a membership or a user (R8). The owner is told of all of them in one message.
func revokedEvents(actor Actor, m policy.Membership, keys []policy.AccessKey, reason string) []policy.Event {
	var events []policy.Event
	for _, key := range keys {
		event := revokedEvent(actor, m, key, map[string]string{"reason": reason})
		if len(events) > 0 {
			first := events[0]
			event.Payload.Key.ToldWith = first.ClientID
			first.Payload.Key.Also = append(first.Payload.Key.Also, policy.KeyName{ClientID: key.ClientID, Label: key.Label})
		}
		events = append(events, event)
	}
	return events
}
