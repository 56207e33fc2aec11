package console

import (
	"errors"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// passwordPath has the form; a link has a code below it.
const passwordPath = "/console/password"

// errDeadLink refuses a link to choose a password, and errMismatch a password that was not typed twice alike.
var (
	errDeadLink = errors.New("the link to choose a password is dead")
	errMismatch = errors.New("the two passwords differ")
)

type chooseForm struct {
	Email   string
	Account string // its name
	Fault   fault
}

type deadLinkPage struct {
	Heading, Text string
	Mail          bool // another can be had
}

// followLink uses nothing up, because mail programs follow links to look for viruses. What the link is known by goes into a new session, and the
// browser on to an address without the code, so that neither its history nor a page has it. In a session that was there before, somebody who
// planted it in this browser could choose the password.
func (c *Console) followLink(v *visit) error {
	ctx, id := v.Context(), admin.PasswordLinkID(v.PathValue("code"))
	_, err := c.Service.PasswordLinkUser(ctx, id, v.about.At)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil {
		c.sessions.Remove(ctx, sessionLink) // of one that was followed before: the page is about this one
		return v.redirect(passwordPath)
	}
	if err := errors.Join(c.sessions.Clear(ctx), c.sessions.RenewToken(ctx)); err != nil {
		return err
	}
	c.sessions.Put(ctx, sessionLink, id)
	return v.redirect(passwordPath)
}

func (c *Console) choosePage(v *visit) error { return c.showChoose(v, nil) }

func (c *Console) showChoose(v *visit, because error) error {
	user, err := c.linkedUser(v)
	if errors.Is(err, errDeadLink) {
		e := explain(err)
		return c.showStatus(v, err, "password-dead", e.title, deadLinkPage{e.title, e.text, c.mailsLinks()})
	}
	if err != nil {
		return err
	}
	account, err := c.Store.Account(v.Context(), user.AccountID)
	if err != nil {
		return err
	}
	form := chooseForm{Email: user.Email, Account: account.Name}
	if because == nil {
		return c.show(v, "password", "Choose a password", form)
	}
	form.Fault, _ = formFault(because)
	return c.showStatus(v, because, "password", "Choose a password", form)
}

// linkedUser is who can choose a password by the link that was followed last, or errDeadLink.
func (c *Console) linkedUser(v *visit) (policy.User, error) {
	user, err := c.Service.PasswordLinkUser(v.Context(), c.sessions.GetString(v.Context(), sessionLink), v.about.At)
	if errors.Is(err, store.ErrNotFound) {
		err = errDeadLink
	}
	return user, err
}

// choose sets the password, and leads to the sign-in: whoever reads a mail does not get in by it alone, and a wrong password shows at once.
func (c *Console) choose(v *visit) error {
	ctx, password := v.Context(), v.PostFormValue("password")
	if password != v.PostFormValue("password_again") && policy.CheckPassword(password) == nil {
		return c.showChoose(v, errMismatch)
	}
	actor := admin.Actor{Via: "console", Address: v.about.Address, RequestID: v.about.ID, At: v.about.At}
	user, err := c.Service.ChoosePassword(ctx, actor, c.sessions.GetString(ctx, sessionLink), password)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, policy.ErrInvalidPassword) {
		return c.showChoose(v, err)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(c.sessionCutoffs().Set(ctx, user.ID, v.about.At), c.sessions.Clear(ctx)); err != nil {
		return err
	}
	c.tell(v, "Your password is set. Sign in with it.")
	c.sessions.Put(ctx, sessionEmail, user.Email)
	return v.redirect(signInPath)
}
