package admin

import (
	"context"

	"mintkey/policy"
)

// SetNotifications sets which mails the actor gets, and mails that. Nobody does so for somebody else: who wants to sign in as them would
// silence them first.
func (s *Service) SetNotifications(ctx context.Context, actor Actor, chosen policy.Notifications) error {
	return s.ownUser(ctx, actor, func(u policy.User) (policy.User, []policy.Event, error) {
		if u.Notifications == chosen {
			return u, nil, nil
		}
		after := u
		after.Notifications = chosen
		return after, []policy.Event{patchEvent(actor, u, after, []string{"notifications"})}, nil
	})
}
