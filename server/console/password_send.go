package console

import (
	"context"
	"net/url"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/store"
)

// sendLink has a user mailed a link to choose a password.
func (c *Console) sendLink(v *visit, id string) error {
	if !c.mailsLinks() {
		return store.ErrNotFound
	}
	ctx := v.Context()
	user, err := c.Store.User(ctx, v.place.Account.ID, id)
	if err != nil {
		return err
	}
	reserved, err := c.Limits.Reserve(ctx, limits.Mailbox(user.AccountID, user.Email))
	if err != nil {
		return err
	}
	err = c.Service.SendPasswordLink(ctx, v.actor, v.place, id)
	if err != nil {
		reserved.Refund(ctx)
	}
	if _, ok := formFault(err); err != nil && ok {
		return c.showUser(v, err)
	}
	if err != nil {
		return err
	}
	c.tell(v, "A mail with a link to choose a password is on its way to "+user.Email+".")
	return v.redirect(usersPath + "/" + url.PathEscape(id))
}

// createUserWithLink is Service.CreateUserWithLink, but for a mailbox that has had enough.
func (c *Console) createUserWithLink(ctx context.Context, actor admin.Actor, in admin.TenantContext, wish admin.NewUser) (policy.User, error) {
	reserved, err := c.Limits.Reserve(ctx, limits.Mailbox(in.Account.ID, wish.Email))
	if err != nil {
		return policy.User{}, err
	}
	user, err := c.Service.CreateUserWithLink(ctx, actor, in, wish)
	if err != nil {
		reserved.Refund(ctx)
	}
	return user, err
}
