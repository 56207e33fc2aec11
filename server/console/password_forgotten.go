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

// mailsLinks says whether users can be mailed links to choose a password, and use it.
func (c *Console) mailsLinks() bool { return c.Mail && !c.OpenID.Only }

// mailing surrounds a handler of what works by mail only.
func (c *Console) mailing(handle handler) handler {
	if c.mailsLinks() {
		return handle
	}
	return func(*visit) error { return store.ErrNotFound }
}

func (c *Console) forgottenPage(v *visit) error {
	return c.show(v, "forgot-password", "Forgot your password?", forgottenForm{Email: v.FormValue("email"), Account: v.FormValue("account")})
}

// forgottenTakes is how long an answer takes, which is longer than looking for users and writing to the outbox.
const forgottenTakes = 200 * time.Millisecond

// forgotten answers alike and in like time, whether there is a user with the address, several, one who is disabled, or none.
func (c *Console) forgotten(v *visit) error {
	ctx := v.Context()
	form := forgottenForm{Email: strings.TrimSpace(v.PostFormValue("email")), Account: v.PostFormValue("account")}
	if err := policy.CheckEmail(form.Email); err != nil {
		form.Fault, _ = formFault(err)
		return c.showStatus(v, err, "forgot-password", "Forgot your password?", form)
	}
	if _, err := c.Limits.Reserve(ctx, limits.LinkRequest(form.Email, v.about.Address)); err != nil {
		return err
	}
	answer := time.NewTimer(forgottenTakes)
	defer answer.Stop()
	if err := c.requestLinks(v, form); err != nil {
		return err
	}
	select {
	case <-answer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.show(v, "password-mailed", "Look at your mail", nil)
}

// requestLinks has a link mailed to each user with the address, up to maxCandidates.
func (c *Console) requestLinks(v *visit, form forgottenForm) error {
	users, _, err := c.candidates(v.Context(), form.Account, form.Email)
	if err != nil {
		return err
	}
	nobody := admin.Actor{Via: "console", Address: v.about.Address, RequestID: v.about.ID, At: v.about.At}
	for _, user := range users {
		_, err := c.Limits.Reserve(v.Context(), limits.Mailbox(user.AccountID, user.Email))
		if _, tooMany := errors.AsType[*limits.TooManyError](err); tooMany {
			continue // the links that were mailed before still work
		}
		if err != nil {
			return err
		}
		if err := c.Service.RequestPasswordLink(v.Context(), nobody, user); err != nil {
			return err
		}
	}
	return nil
}
