package console

import (
	"context"
	"net/url"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/store"
)

// sendLink mails a user a link to choose a password.
func (c *Console) sendLink(req *request, id string) error {
	if !c.mailsLinks() {
		return store.ErrNotFound
	}
	ctx := req.Context()
	user, err := c.Store.User(ctx, req.in.Account.ID, id)
	if err != nil {
		return err
	}
	reserved, err := c.Limits.Reserve(ctx, limits.Mailbox(user.AccountID, user.Email))
	if err != nil {
		return err
	}
	err = c.Service.SendPasswordLink(ctx, req.actor, req.in, id)
	if err != nil {
		reserved.Refund(ctx)
	}
	if _, ok := formFault(err); err != nil && ok {
		return c.showUser(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "A mail with a link to choose a password is on its way to "+user.Email+".")
	return req.redirect(usersPath + "/" + url.PathEscape(id))
}

// createUserWithLink is Service.CreateUserWithLink with the limit on mails to one address.
func (c *Console) createUserWithLink(
	ctx context.Context, actor admin.Actor, in admin.TenantContext, input admin.NewUser,
) (policy.User, error) {
	reserved, err := c.Limits.Reserve(ctx, limits.Mailbox(in.Account.ID, input.Email))
	if err != nil {
		return policy.User{}, err
	}
	user, err := c.Service.CreateUserWithLink(ctx, actor, in, input)
	if err != nil {
		reserved.Refund(ctx)
	}
	return user, err
}
