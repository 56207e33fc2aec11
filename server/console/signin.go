package console

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"path"
	"strings"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
)

type signInForm struct {
	Email   string
	Account string // narrows the search; needed only by who has the same address and password in several accounts
	Next    string
	Problem string
	Info    string
	Mail    bool // a forgotten password can be replaced
	OpenID  openIDChoice
}

func (c *Console) signInPage(v *visit) error {
	if c.identify(v) == nil {
		return v.redirect(localPath(v.FormValue("next")))
	}
	form := signInForm{Email: v.FormValue("email"), Account: v.FormValue("account"), Next: localPath(v.FormValue("next"))}
	form.Email = cmp.Or(form.Email, c.sessions.PopString(v.Context(), sessionEmail))
	v.frame.Notice = c.sessions.PopString(v.Context(), sessionNotice)
	if form.Next != homePath {
		form.Info = "Sign in to go on."
	}
	return c.showSignIn(v, nil, form)
}

// showSignIn shows the page with every way in that there is.
func (c *Console) showSignIn(v *visit, because error, form signInForm) error {
	form.OpenID, form.Mail = c.openIDChoice(form), c.mailsLinks()
	if because == nil {
		return c.show(v, "sign-in", "Sign in", form)
	}
	form.Problem = explain(because).text
	return c.showStatus(v, because, "sign-in", "Sign in", form)
}

// signIn answers every wrong input alike and in like time: whether the address is unknown, the password is wrong or missing, or the user is disabled.
func (c *Console) signIn(v *visit) error {
	form := signInForm{Email: strings.TrimSpace(v.PostFormValue("email")), Account: v.PostFormValue("account"), Next: localPath(v.PostFormValue("next"))}
	if c.OpenID.Only {
		return c.showSignIn(v, errPasswordsOff, form)
	}
	ctx := v.Context()
	guard := guard{c.Store, policy.FoldEmail(form.Email), v.about.Address}
	if wait, err := guard.wait(ctx); err != nil || wait > 0 {
		return errors.Join(err, tooMany(wait))
	}
	subject, err := c.authenticate(ctx, form.Account, form.Email, v.PostFormValue("password"))
	switch {
	case errors.Is(err, errWrongSignIn):
		if err := guard.failed(ctx); err != nil {
			return err
		}
		return c.showSignIn(v, errWrongSignIn, form)
	case err != nil:
		return err
	}
	if err := c.begin(ctx, subject, v.about.At); err != nil {
		return err
	}
	return v.redirect(form.Next)
}

// maxCandidates is in how many accounts one address is tried. Every try costs as many password checks as there are accounts, up to
// this, so that time does not tell in how many of them the address exists.
const maxCandidates = 3

func (c *Console) authenticate(ctx context.Context, accountID, email, password string) (policy.Subject, error) {
	users, checks, err := c.candidates(ctx, accountID, email)
	if err != nil {
		return policy.Subject{}, err
	}
	var found *policy.User
	for i := range checks {
		hash := ""
		if i < len(users) {
			hash = users[i].PasswordHash
		}
		fits, err := passwords.Verify(hash, password)
		if err != nil {
			return policy.Subject{}, err
		}
		if fits && found == nil && !users[i].Disabled {
			found = &users[i]
		}
	}
	if found == nil {
		return policy.Subject{}, errWrongSignIn
	}
	return c.anywhere(ctx, *found)
}

// anywhere is the user in the first of their tenants.
func (c *Console) anywhere(ctx context.Context, u policy.User) (policy.Subject, error) {
	subject, err := c.subject(ctx, session{accountID: u.AccountID, userID: u.ID}, "")
	if errors.Is(err, store.ErrNotFound) || err == nil && subject.Authority() == policy.AuthorityNone {
		return policy.Subject{}, errNoTenant
	}
	return subject, err
}

// candidates are the users with the address, and how many passwords to check for them.
func (c *Console) candidates(ctx context.Context, accountID, email string) (users []policy.User, checks int, err error) {
	if accountID != "" {
		user, err := c.Store.UserByEmail(ctx, accountID, email)
		if errors.Is(err, store.ErrNotFound) {
			return nil, 1, nil
		}
		return []policy.User{user}, 1, err
	}
	accounts := 0
	for page := (store.Page{Limit: 500}); ; {
		found, err := c.Store.Accounts(ctx, page)
		if err != nil {
			return nil, 0, err
		}
		for _, account := range found {
			page.After = account.ID
			user, err := c.Store.UserByEmail(ctx, account.ID, email)
			switch {
			case err == nil && len(users) < maxCandidates:
				users = append(users, user)
			case err != nil && !errors.Is(err, store.ErrNotFound):
				return nil, 0, err
			}
		}
		if accounts += len(found); len(found) == 0 {
			return users, min(max(accounts, 1), maxCandidates), nil
		}
	}
}

func (c *Console) signOut(v *visit) error {
	if err := c.sessions.Destroy(v.Context()); err != nil {
		return err
	}
	return v.redirect(signInPath)
}

// signOutEverywhere ends the visitor's sessions in every browser, this one included.
func (c *Console) signOutEverywhere(v *visit) error {
	if err := c.sessionCutoffs().Set(v.Context(), v.actor.User.ID, v.about.At); err != nil {
		return err
	}
	return c.signOut(v)
}

// home leads to what the visitor most likely wants.
func (c *Console) home(v *visit) error {
	if v.actor.Require(policy.ScopeKeysRead) == nil {
		return v.redirect(keysPath(v.place.Tenant.ID))
	}
	return v.redirect(accountPath)
}

const (
	homePath     = "/console"
	signInPath   = "/console/sign-in"
	accountPath  = "/console/account"
	securityPath = "/console/security"
	activityPath = "/console/activity"
	usersPath    = "/console/users"
	tenantsPath  = "/console/tenants"
)

// localPath is the text if it is a page of the console, else the first page: nobody can be sent elsewhere after the sign-in.
func localPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.Contains(text, `\`) || path.Clean(u.Path) != u.Path ||
		u.Path != homePath && !strings.HasPrefix(u.Path, homePath+"/") || u.Path == signInPath || strings.HasPrefix(u.Path, signInPath+"/") {
		return homePath
	}
	return u.RequestURI()
}
