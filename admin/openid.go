package admin

import (
	"context"

	"mintkey/policy"
)

// SignedInAs binds the actor permanently to an identity at an OpenID provider, and returns the user as they are then. The error is the
// refusal of policy.User.SignedInAs, if any, and policy.ErrOtherPerson if the user has changed since the actor was read: the e-mail address
// by which the provider knows them may be somebody else's by now.
func (s *Service) SignedInAs(ctx context.Context, actor Actor, identity policy.Identity) (policy.User, error) {
	if actor.User.OpenID == identity {
		return actor.User, nil
	}
	var after policy.User
	err := s.Store.UpdateUser(ctx, actor.User.AccountID, actor.User.ID, func(u policy.User) (policy.User, []policy.Event, error) {
		known := actor.User
		known.OpenID = u.OpenID // another sign-in of theirs may have bound them
		if known.SignInState() != u.SignInState() {
			return u, nil, policy.ErrOtherPerson
		}
		bound, err := u.SignedInAs(identity)
		after = bound
		if err != nil || bound.OpenID == u.OpenID {
			return u, nil, err
		}
		event := actor.event(policy.ActionUserUpdated, u.AccountID)
		event.UserID = u.ID
		event.Details = map[string]string{"changed": "openid", "issuer": identity.Issuer, "subject": identity.Subject}
		return bound, []policy.Event{event}, nil
	})
	return after, err
}
