package admin

import (
	"context"

	"mintkey/policy"
)

// SignedIn records that the actor began a session of the console. The browser is in words, and may be empty. If it is new, the actor is
// told, unless they want no such mail: what they wanted when it happened counts, and not what whoever came in has chosen since.
func (s *Service) SignedIn(ctx context.Context, actor Actor, method, browser string, isNew bool) error {
	details := map[string]string{"method": method}
	if browser != "" {
		details["browser"] = browser
	}
	event := sessionEvent(actor, policy.ActionSessionStarted, details)
	return s.Store.UpdateUser(ctx, actor.User.AccountID, actor.User.ID, func(u policy.User) (policy.User, []policy.Event, error) {
		if actor.At.After(u.LastSignInAt) {
			u.LastSignInAt = actor.At
		}
		event := event
		if isNew && !u.Notifications.NoNewBrowser {
			event.Announce, event.Payload.NewBrowser = true, &policy.NewBrowser{Browser: browser, Method: method}
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
