package admin

import (
	"context"

	"mintkey/policy"
)

// SignedIn records that the actor began a session of the console. The browser is in words, and may be empty.
func (s *Service) SignedIn(ctx context.Context, actor Actor, method, browser string) error {
	details := map[string]string{"method": method}
	if browser != "" {
		details["browser"] = browser
	}
	event := sessionEvent(actor, policy.ActionSessionStarted, details)
	return s.Store.UpdateUser(ctx, actor.User.AccountID, actor.User.ID, func(u policy.User) (policy.User, []policy.Event, error) {
		if actor.At.After(u.LastSignInAt) {
			u.LastSignInAt = actor.At
		}
		return u, []policy.Event{event}, nil
	})
}

// SignedOut records that the actor ended the session, or all sessions in every browser.
func (s *Service) SignedOut(ctx context.Context, actor Actor, everywhere bool) error {
	var details map[string]string
	if everywhere {
		details = map[string]string{"everywhere": "true"}
	}
	return s.Store.RecordEvents(ctx, sessionEvent(actor, policy.ActionSessionEnded, details))
}

func sessionEvent(actor Actor, action policy.Action, details map[string]string) policy.Event {
	event := actor.event(action, actor.User.AccountID)
	event.UserID, event.Details = actor.User.ID, details
	return event
}
