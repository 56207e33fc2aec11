package console

import (
	"errors"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/store"
)

const forgottenPath = "/console/forgot-password"

type forgottenForm struct {
	Email   string
	Account string // narrows the search: see signInForm
	Fault   fault
}

// mailsLinks reports whether the server sends links to choose a password, and accepts passwords.
func (c *Console) mailsLinks() bool { return c.Mail && !c.OpenID.Only }

// mailing makes a page answer 404 where no links are mailed.
func (c *Console) mailing(handle handler) handler {
	if c.mailsLinks() {
		return handle
	}
	return func(*request) error { return store.ErrNotFound }
}

func (c *Console) forgottenPage(req *request) error {
	form := forgottenForm{Email: req.FormValue("email"), Account: req.FormValue("account")}
	return c.show(req, "forgot-password", "Forgot your password?", form)
}

// showForgotten shows the form again, unless what was typed has nothing to do with the error.
func (c *Console) showForgotten(req *request, form forgottenForm, cause error) error {
	var again bool
	if form.Fault, again = formFault(cause); !again {
		return cause
	}
	return c.showStatus(req, cause, "forgot-password", "Forgot your password?", form)
}

// forgottenTakes is how long a response takes at least: longer than finding the users and writing to the outbox.
const forgottenTakes = 200 * time.Millisecond

// forgotten gives the same response after the same time, whether the address belongs to one user, several, a disabled one or none.
func (c *Console) forgotten(req *request) error {
	ctx := req.Context()
	form := forgottenForm{Email: strings.TrimSpace(req.PostFormValue("email")), Account: req.PostFormValue("account")}
	if err := policy.CheckEmail(form.Email); err != nil {
		return c.showForgotten(req, form, err)
	}
	if _, err := c.Limits.Reserve(ctx, limits.LinkRequest(form.Email, req.info.Address)); err != nil {
		return c.showForgotten(req, form, err)
	}
	answer := time.NewTimer(forgottenTakes)
	defer answer.Stop()
	if err := c.requestLinks(req, form); err != nil {
		return err
	}
	select {
	case <-answer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.show(req, "password-mailed", "Look at your mail", nil)
}

// requestLinks has a link mailed to each user with the address.
func (c *Console) requestLinks(req *request, form forgottenForm) error {
	users, err := c.usersWithAddress(req.Context(), form.Account, form.Email)
	if err != nil {
		return err
	}
	anonymous := admin.Actor{Via: "console", Address: req.info.Address, RequestID: req.info.ID, At: req.info.At}
	for _, user := range users {
		_, err := c.Limits.Reserve(req.Context(), limits.Mailbox(user.AccountID, user.Email))
		if _, tooMany := errors.AsType[*limits.TooManyError](err); tooMany {
			continue // the links that were mailed before still work
		}
		if err != nil {
			return err
		}
		if err := c.Service.RequestPasswordLink(req.Context(), anonymous, user); err != nil {
			return err
		}
	}
	return nil
}
