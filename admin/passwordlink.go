package admin

import (
	"context"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// How long a link to choose a password works, counted from the event that asked for it.
const (
	ForgottenLinkLives = time.Hour
	FirstLinkLives     = 72 * time.Hour // sent by an admin
)

// PasswordLink lets whoever reads a user's mail choose the user's password, once.
type PasswordLink struct {
	Code    string
	Expires time.Time
}

// passwordLinkRecord is what is kept under the digest of a code.
type passwordLinkRecord struct {
	AccountID string    `json:"account_id"`
	UserID    string    `json:"user_id"`
	Asked     time.Time `json:"asked"`
	Expires   time.Time `json:"expires"`
	User      string    `json:"user"` // digest of the user as they were: see userDigest
}

// ExpiresAt implements ephemeral.Expiring.
func (r passwordLinkRecord) ExpiresAt() time.Time { return r.Expires }

func (s *Service) passwordLinks() ephemeral.Links[passwordLinkRecord] {
	return ephemeral.Links[passwordLinkRecord]{Store: s.Store, Prefix: "password-link/"}
}

// RequestPasswordLink has a link mailed to a user who forgot the password. Disabled users, and users without a password (only an admin
// can set the first one), get no link. That is not an error: the caller must not learn which case it was. The actor is anonymous.
func (s *Service) RequestPasswordLink(ctx context.Context, actor Actor, user policy.User) error {
	if user.Disabled || user.PasswordHash == "" {
		return nil
	}
	return s.Store.RecordEvents(ctx, passwordLinkEvent(actor, policy.ActionPasswordLinkRequested, user))
}

// SendPasswordLink has a link mailed to a user of the account, with or without a password. It needs the same authority as setting the
// password.
func (s *Service) SendPasswordLink(ctx context.Context, actor Actor, in TenantContext, id string) error {
	user, err := s.Store.User(ctx, in.Account.ID, id)
	if err != nil {
		return err
	}
	if err := policy.CheckUserChange(actor.Authority(), user.Roles, nil); err != nil {
		return err
	}
	switch {
	case user.IsRobot():
		return policy.ErrServiceUser
	case user.Disabled:
		return policy.ErrUserDisabled
	}
	return s.Store.RecordEvents(ctx, passwordLinkEvent(actor, policy.ActionPasswordLinkSent, user))
}

// passwordLinkEvent goes to the outbox; its delivery makes the link: see PasswordLinkOf.
func passwordLinkEvent(actor Actor, action policy.Action, user policy.User) policy.Event {
	event := actor.event(action, user.AccountID)
	event.UserID, event.Details, event.Announce = user.ID, map[string]string{"email": user.Email}, true
	return event
}

// PasswordLinkOf makes the link that the event asked for, so that nothing but the message to the user ever holds it. It returns
// store.ErrNotFound if the link would not work at now: it is too late, or the user is gone or disabled.
func (s *Service) PasswordLinkOf(ctx context.Context, event policy.Event, now time.Time) (PasswordLink, error) {
	lives := FirstLinkLives
	if event.Action == policy.ActionPasswordLinkRequested {
		lives = ForgottenLinkLives
	}
	user, err := s.Store.User(ctx, event.AccountID, event.UserID)
	if err != nil {
		return PasswordLink{}, err
	}
	record := passwordLinkRecord{user.AccountID, user.ID, event.At, event.At.Add(lives), userDigest(user)}
	if err := checkPasswordLink(record, user, now); err != nil {
		return PasswordLink{}, err
	}
	link := PasswordLink{ephemeral.NewCode(), record.Expires}
	return link, s.passwordLinks().Put(ctx, PasswordLinkID(link.Code), record)
}

// PasswordLinkID identifies a link that was followed. The link can't be made from it.
func PasswordLinkID(code string) string { return ephemeral.Digest(code) }

// PasswordLinkUser returns the user who can choose a password by the link, and leaves the link. It
// returns store.ErrNotFound for a link that does not work any more.
func (s *Service) PasswordLinkUser(ctx context.Context, id string, now time.Time) (policy.User, error) {
	record, err := s.passwordLinks().Get(ctx, id, now)
	if err != nil {
		return policy.User{}, err
	}
	user, err := s.Store.User(ctx, record.AccountID, record.UserID)
	if err != nil {
		return policy.User{}, err
	}
	return user, checkPasswordLink(record, user, now)
}

// checkPasswordLink returns store.ErrNotFound for a link that does not work any more: it is too late, or the user is a robot, disabled, was
// disabled since it was asked for, or signs in by something else than then.
func checkPasswordLink(record passwordLinkRecord, user policy.User, now time.Time) error {
	ended := !user.EndedBefore.IsZero() && !record.Asked.After(user.EndedBefore) || record.Asked.Before(user.PasswordChangedAt)
	if ended || user.Disabled || user.IsRobot() || !now.Before(record.Expires) || record.User != userDigest(user) {
		return store.ErrNotFound
	}
	return nil
}

func userDigest(u policy.User) string { return ephemeral.Digest(u.SignInState()) }

// ChoosePassword sets the password of the link's user, who is recorded as the actor; the given actor contributes only address and
// request. A password that is refused leaves the link working. Of many concurrent calls one succeeds, because the new password ends every
// link of the user.
func (s *Service) ChoosePassword(ctx context.Context, actor Actor, id, password string) (policy.User, error) {
	user, err := s.PasswordLinkUser(ctx, id, actor.At)
	if err != nil {
		return policy.User{}, err
	}
	tidyUp := func(ctx context.Context) { // the new password has ended the link already
		if err := s.passwordLinks().Delete(ctx, id); err != nil {
			s.Log.WarnContext(ctx, "removing a used password link failed", slog.Any("error", err))
		}
	}
	if _, err := s.replacePassword(ctx, actor, user, password, true, tidyUp); err != nil {
		return policy.User{}, err
	}
	return user, nil
}

// ChangeOwnPassword gives the actor, who has proved who they are, another password, and returns them as they are then. It ends what the
// old one began: sessions, links, and tokens of the password grant. The actor is told by mail.
func (s *Service) ChangeOwnPassword(ctx context.Context, actor Actor, password string) (policy.User, error) {
	if !actor.inPerson() {
		return policy.User{}, policy.ErrNotGrantable
	}
	return s.replacePassword(ctx, actor, actor.User, password, false, func(context.Context) {})
}

// replacePassword sets the password that the user has chosen, unless what they sign in with has changed since, and records them as the
// actor. Then it calls done.
func (s *Service) replacePassword(
	ctx context.Context, actor Actor, user policy.User, password string, byLink bool, done func(context.Context),
) (after policy.User, err error) {
	if err := policy.CheckPasswordOf(user, password); err != nil {
		return policy.User{}, err
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return policy.User{}, err
	}
	ends, err := s.endOfTokens(ctx, actor, user)
	if err != nil {
		return policy.User{}, err
	}
	var event policy.Event
	change := func(u policy.User) (policy.User, []policy.Event, error) {
		if u.Disabled || u.IsRobot() || userDigest(u) != userDigest(user) {
			return u, nil, store.ErrNotFound
		}
		after = u.WithPassword(hash, ends)
		actor.User = after
		event = actor.event(policy.ActionUserUpdated, u.AccountID)
		event.UserID, event.Announce = u.ID, true
		event.Details = map[string]string{policy.DetailChanged: policy.ChangedPassword}
		if byLink {
			event.Details[policy.DetailByLink] = "true"
		}
		event.Payload.Password = &policy.PasswordChange{ByLink: byLink}
		event.Payload.Ended = policy.TokensEnded(u, after)
		return after, []policy.Event{event}, nil
	}
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		if err := s.Store.UpdateUser(ctx, user.AccountID, user.ID, change); err != nil {
			return err
		}
		_ = s.publish(ctx, event) // logged, and the outbox retries
		done(ctx)
		return nil
	})
	return after, err
}
