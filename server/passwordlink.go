package server

import (
	"context"
	"errors"
	"time"

	"mintkey/admin"
	"mintkey/server/limits"
	"mintkey/server/web"
)

// sendPasswordLink has a link to choose a password mailed to a user, within the budget of the mailbox, which the console spends too.
func (s *Server) sendPasswordLink(ctx context.Context, actor admin.Actor, in admin.TenantContext, userID string) error {
	user, err := s.service.User(ctx, in, userID)
	if err != nil {
		return err
	}
	if !s.Mail || s.OpenID.Only {
		return web.ErrNoMail
	}
	reserved, err := s.limits.Reserve(ctx, limits.Mailbox(user.AccountID, user.Email))
	if tooMany, ok := errors.AsType[*limits.TooManyError](err); ok {
		return &tooManyLinksError{tooMany}
	}
	if err != nil {
		return err
	}
	if err := s.service.SendPasswordLink(ctx, actor, in, userID); err != nil {
		reserved.Refund(ctx)
		return err
	}
	return nil
}

// tooManyLinksError is rendered as 429, with how long to wait.
type tooManyLinksError struct{ tooMany *limits.TooManyError }

func (e *tooManyLinksError) Error() string {
	return "This user has been sent as many links as a mailbox gets in an hour: try again in " + e.tooMany.Wait() + "."
}

func (*tooManyLinksError) Is(target error) bool        { return target == web.ErrTooManyRequests }
func (e *tooManyLinksError) RetryAfter() time.Duration { return e.tooMany.RetryAfter }
