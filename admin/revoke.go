package admin

import (
	"context"

	"mintkey/policy"
)

// changeMembership changes a membership and, once the change is saved, revokes the tokens that its events name. Each event is in the outbox
// too: should the server die right after the change, gateways learn of it from there.
func (s *Service) changeMembership(
	ctx context.Context, tenantID, userID string, change func(policy.Membership) (policy.Membership, []policy.Event, error),
) error {
	var saved []policy.Event
	err := s.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		after, events, err := change(m)
		saved = events // of the last run, which is the one that is saved
		return after, events, err
	})
	if err != nil {
		return err
	}
	for _, event := range saved {
		s.publish(ctx, event)
		if event.Action == policy.ActionKeyRevoked {
			s.saveTombstone(ctx, event)
		}
	}
	return nil
}

// publish tells gateways at once which tokens a saved event has ended.
func (s *Service) publish(ctx context.Context, event policy.Event) {
	if s.Revoked != nil && (event.Payload.Revoked != nil || event.Payload.Ended != nil) {
		s.Revoked(ctx, event)
	}
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

// revokedEvents records each key that was revoked with a membership or a user (R8).
func revokedEvents(actor Actor, m policy.Membership, keys []policy.AccessKey, reason string) []policy.Event {
	var events []policy.Event
	for _, key := range keys {
		events = append(events, revokedEvent(actor, m, key, map[string]string{"reason": reason}))
	}
	return events
}
