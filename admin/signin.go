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
	return s.recordSession(ctx, actor, policy.ActionSessionStarted, details)
}

// SignedOut records that the actor ended the session, or all sessions in every browser.
func (s *Service) SignedOut(ctx context.Context, actor Actor, everywhere bool) error {
	var details map[string]string
	if everywhere {
		details = map[string]string{"everywhere": "true"}
	}
	return s.recordSession(ctx, actor, policy.ActionSessionEnded, details)
}

func (s *Service) recordSession(ctx context.Context, actor Actor, action policy.Action, details map[string]string) error {
	event := actor.event(action, actor.User.AccountID)
	event.UserID, event.Details = actor.User.ID, details
	return s.Store.RecordEvents(ctx, event)
}
