package console

import (
	"errors"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// passwordPath is the path of the form; a link adds its code.
const passwordPath = "/console/password"

// errInvalidLink refuses a link to choose a password, and errMismatch a password that was not typed twice alike.
var (
	errInvalidLink = errors.New("the link to choose a password is not valid")
	errMismatch    = errors.New("the two passwords differ")
)

type chooseForm struct {
	Email   string
	Account string // account name
	Fault   fault
}

type invalidLinkPage struct {
	Heading, Text string
	Mail          bool // a new link can be requested
}

// followLink does not use up the link, because mail programs follow links to look for viruses. The ID of the link goes into a new session,
// and the browser to a URL without the code, so that neither its history nor a page contains it. The session must be new: whoever planted
// an existing one in this browser could choose the password.
func (c *Console) followLink(req *request) error {
	ctx, id := req.Context(), admin.PasswordLinkID(req.PathValue("code"))
	_, err := c.Service.PasswordLinkUser(ctx, id, req.info.At)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil {
		c.sessions.Remove(ctx, sessionLink) // from a link followed earlier: the page is about this one
		return req.redirect(passwordPath)
	}
	if err := errors.Join(c.sessions.Clear(ctx), c.sessions.RenewToken(ctx)); err != nil {
		return err
	}
	c.sessions.Put(ctx, sessionLink, id)
	return req.redirect(passwordPath)
}

func (c *Console) choosePage(req *request) error { return c.showChoose(req, nil) }

func (c *Console) showChoose(req *request, cause error) error {
	user, err := c.linkedUser(req)
	if errors.Is(err, errInvalidLink) {
		e := explain(err)
		return c.showStatus(req, err, "password-dead", e.title, invalidLinkPage{e.title, e.text, c.mailsLinks()})
	}
	if err != nil {
		return err
	}
	account, err := c.Store.Account(req.Context(), user.AccountID)
	if err != nil {
		return err
	}
	form := chooseForm{Email: user.Email, Account: account.Name}
	if cause == nil {
		return c.show(req, "password", "Choose a password", form)
	}
	form.Fault, _ = formFault(cause)
	return c.showStatus(req, cause, "password", "Choose a password", form)
}

// linkedUser returns the user of the link that was followed last, or errInvalidLink.
func (c *Console) linkedUser(req *request) (policy.User, error) {
	user, err := c.Service.PasswordLinkUser(req.Context(), c.sessions.GetString(req.Context(), sessionLink), req.info.At)
	if errors.Is(err, store.ErrNotFound) {
		err = errInvalidLink
	}
	return user, err
}

// choose sets the password and redirects to the sign-in page, so that reading the mail is not enough to get in and a typing error shows at
// once.
func (c *Console) choose(req *request) error {
	ctx, password := req.Context(), req.PostFormValue("password")
	if password != req.PostFormValue("password_again") && policy.CheckPassword(password) == nil {
		return c.showChoose(req, errMismatch)
	}
	actor := admin.Actor{Via: "console", Address: req.info.Address, RequestID: req.info.ID, At: req.info.At}
	user, err := c.Service.ChoosePassword(ctx, actor, c.sessions.GetString(ctx, sessionLink), password)
	if fault, ok := formFault(err); errors.Is(err, store.ErrNotFound) || ok && fault.Field == "password" {
		return c.showChoose(req, err)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(c.Service.ForgetSessions(ctx, user, req.info.At), c.sessions.Clear(ctx)); err != nil {
		return err
	}
	c.flash(req, "Your password is set. Sign in with it.")
	c.sessions.Put(ctx, sessionEmail, user.Email)
	return req.redirect(signInPath)
}
