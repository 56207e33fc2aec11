package admin

import (
	"context"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// How long a link to choose a password is good, from the event that asked for it.
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

func (o *Office) passwordLinks() ephemeral.Links[passwordLinkRecord] {
	return ephemeral.Links[passwordLinkRecord]{Store: o.Store, Prefix: "password-link/"}
}

// passwordLinkCutoffs end all links of a user, by user ID, that were asked for until then.
func (o *Office) passwordLinkCutoffs() ephemeral.Cutoffs {
	return ephemeral.Cutoffs{Store: o.Store, Prefix: "password-links-ended/", Longest: FirstLinkLives}
}

// RequestPasswordLink has a link mailed to a user who forgot the password. Who is disabled or has no password, which only an admin can give a first one,
// gets none; that is no error, since whoever asks must not learn it. The actor is nobody.
func (o *Office) RequestPasswordLink(ctx context.Context, actor Actor, user policy.User) error {
	if user.Disabled || user.PasswordHash == "" {
		return nil
	}
	return o.Store.RecordEvents(ctx, passwordLinkEvent(actor, policy.ActionPasswordLinkRequested, user))
}

// SendPasswordLink has a link mailed to a user of the account, with or without a password. It takes as much as setting the password.
func (o *Office) SendPasswordLink(ctx context.Context, actor Actor, in Place, id string) error {
	user, err := o.Store.User(ctx, in.Account.ID, id)
	if err != nil {
		return err
	}
	if err := policy.CheckUserChange(actor.Authority(), user.Roles, nil); err != nil {
		return err
	}
	if user.Disabled {
		return policy.ErrUserDisabled
	}
	return o.Store.RecordEvents(ctx, passwordLinkEvent(actor, policy.ActionPasswordLinkSent, user))
}

// passwordLinkEvent is announced, so that whoever tells of it makes the link: see PasswordLinkOf.
func passwordLinkEvent(actor Actor, action policy.Action, user policy.User) policy.Event {
	event := actor.event(action, user.AccountID)
	event.UserID, event.Details, event.Announce = user.ID, map[string]string{"email": user.Email}, true
	return event
}

// PasswordLinkOf makes a link that the event asked for, so that nothing but the message to the user ever holds it. It is store.ErrNotFound
// when it would be dead at now already: too late, or the user is gone or disabled.
func (o *Office) PasswordLinkOf(ctx context.Context, event policy.Event, now time.Time) (PasswordLink, error) {
	lives := FirstLinkLives
	if event.Action == policy.ActionPasswordLinkRequested {
		lives = ForgottenLinkLives
	}
	user, err := o.Store.User(ctx, event.AccountID, event.UserID)
	if err != nil {
		return PasswordLink{}, err
	}
	record := passwordLinkRecord{user.AccountID, user.ID, event.At, event.At.Add(lives), userDigest(user)}
	if err := o.checkPasswordLink(ctx, record, user, now); err != nil {
		return PasswordLink{}, err
	}
	link := PasswordLink{ephemeral.NewCode(), record.Expires}
	return link, o.passwordLinks().Put(ctx, PasswordLinkID(link.Code), record)
}

// PasswordLinkID is what a link is known by once it was followed. No link can be made from it.
func PasswordLinkID(code string) string { return ephemeral.Digest(code) }

// PasswordLinkUser returns the user who can choose a password by the link, and uses nothing up. It is store.ErrNotFound when the link is dead.
func (o *Office) PasswordLinkUser(ctx context.Context, id string, now time.Time) (policy.User, error) {
	record, err := o.passwordLinks().Get(ctx, id, now)
	if err != nil {
		return policy.User{}, err
	}
	user, err := o.Store.User(ctx, record.AccountID, record.UserID)
	if err != nil {
		return policy.User{}, err
	}
	return user, o.checkPasswordLink(ctx, record, user, now)
}

// checkPasswordLink returns store.ErrNotFound for a link that is dead.
func (o *Office) checkPasswordLink(ctx context.Context, record passwordLinkRecord, user policy.User, now time.Time) error {
	if user.Disabled || !now.Before(record.Expires) || record.User != userDigest(user) {
		return store.ErrNotFound
	}
	ended, err := o.passwordLinkCutoffs().Ended(ctx, user.ID, record.Asked)
	if err == nil && ended {
		err = store.ErrNotFound
	}
	return err
}

// userDigest changes with the password and the address: links to choose one die with either.
func userDigest(u policy.User) string {
	return ephemeral.Digest(u.PasswordHash + "\n" + policy.FoldEmail(u.Email) + "\n" + u.CreatedAt.UTC().Format(time.RFC3339Nano))
}

// ChoosePassword sets the password of the link's user, who is the one who does it: of the actor only the place counts, not the person.
// What is wrong with the password leaves the link alive. Of many who try one gets it, because the new password kills every link of the user.
func (o *Office) ChoosePassword(ctx context.Context, actor Actor, id, password string) (policy.User, error) {
	user, err := o.PasswordLinkUser(ctx, id, actor.At)
	if err != nil {
		return policy.User{}, err
	}
	hash, err := hashPassword(password)
	if err != nil {
		return policy.User{}, err
	}
	err = o.Store.UpdateUser(ctx, user.AccountID, user.ID, func(u policy.User) (policy.User, []policy.Event, error) {
		if u.Disabled || userDigest(u) != userDigest(user) {
			return u, nil, store.ErrNotFound
		}
		u.PasswordHash = hash
		actor.User = u
		event := actor.event(policy.ActionUserUpdated, u.AccountID)
		event.UserID, event.Announce = u.ID, true
		event.Details = map[string]string{policy.DetailChanged: policy.ChangedPassword, policy.DetailByLink: "true"}
		event.Payload.Password = &policy.PasswordChange{ByLink: true}
		return u, []policy.Event{event}, nil
	})
	if err != nil {
		return policy.User{}, err
	}
	// The link is dead already; removing it is tidiness.
	if err := o.passwordLinks().Delete(ctx, id); err != nil {
		o.Log.WarnContext(ctx, "removing a used password link failed", slog.Any("error", err))
	}
	return user, nil
}
