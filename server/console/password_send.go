package console

import (
	"context"
	"errors"
	"net/url"

	"mintkey/admin"
	"mintkey/policy"
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
	if wait, err := c.waitFor(ctx, mailboxBudget(user.AccountID, user.Email)); err != nil || wait > 0 {
		return errors.Join(err, tooMany(wait))
	}
	err = c.Service.SendPasswordLink(ctx, v.actor, v.place, id)
	if _, ok := formFault(err); err != nil && ok {
		return c.showUser(v, err)
	}
	if err != nil {
		return err
	}
	if _, err := c.spend(ctx, mailboxBudget(user.AccountID, user.Email)); err != nil {
		return err
	}
	c.tell(v, "A mail with a link to choose a password is on its way to "+user.Email+".")
	return v.redirect(usersPath + "/" + url.PathEscape(id))
}

// createUserWithLink is Service.CreateUserWithLink within the budget of the mailbox.
func (c *Console) createUserWithLink(ctx context.Context, actor admin.Actor, in admin.TenantContext, wish admin.NewUser) (policy.User, error) {
	budget := mailboxBudget(in.Account.ID, wish.Email)
	if wait, err := c.waitFor(ctx, budget); err != nil || wait > 0 {
		return policy.User{}, errors.Join(err, tooMany(wait))
	}
	user, err := c.Service.CreateUserWithLink(ctx, actor, in, wish)
	if err == nil {
		_, err = c.spend(ctx, budget)
	}
	return user, err
}
