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
	"mintkey/server/limits"
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
	subject, err := c.authenticate(v, form, v.PostFormValue("password"))
	switch {
	case errors.Is(err, errWrongSignIn):
		return c.showSignIn(v, errWrongSignIn, form)
	case err != nil:
		return err
	}
	if err := c.begin(ctx, subject, v.about.At); err != nil {
		return err
	}
	c.rememberDevice(v, subject.User)
	return v.redirect(form.Next)
}

// maxCandidates is in how many accounts one address is tried. Every try costs as many password checks as there are accounts, up to
// this, so that time does not tell in how many of them the address exists.
const maxCandidates = 3

// authenticate counts the try before anything is hashed, and gives it back when it was right, so that tries made at
// once count like tries made in turn (R23).
func (c *Console) authenticate(v *visit, form signInForm, password string) (policy.Subject, error) {
	ctx := v.Context()
	users, checks, err := c.candidates(ctx, form.Account, form.Email)
	if err != nil {
		return policy.Subject{}, err
	}
	reserved, err := c.Limits.Reserve(ctx, limits.Password(budgetsOf(form, users), c.visitor(v)))
	if err != nil {
		return policy.Subject{}, err
	}
	found, err := c.matchPassword(ctx, users, checks, password)
	if found != nil || errors.Is(err, passwords.ErrBusy) {
		reserved.Refund(ctx)
	}
	if err != nil {
		return policy.Subject{}, err
	}
	if found == nil {
		return policy.Subject{}, errWrongSignIn
	}
	return c.anywhere(ctx, *found)
}

// budgetsOf is whose budgets a try costs: of each user whose password it could be, or of the address alone.
func budgetsOf(form signInForm, users []policy.User) []limits.User {
	if len(users) == 0 {
		return []limits.User{limits.UnknownUser(form.Account, form.Email)}
	}
	var budgets []limits.User
	for _, u := range users {
		budgets = append(budgets, limits.KnownUser(u.AccountID, u.ID))
	}
	return budgets
}

// matchPassword checks as many passwords as it is told to, and returns the first user whom it fits, or nil.
func (c *Console) matchPassword(ctx context.Context, users []policy.User, checks int, password string) (*policy.User, error) {
	var found *policy.User
	for i := range checks {
		hash := ""
		if i < len(users) {
			hash = users[i].PasswordHash
		}
		fits, err := c.Hasher.Verify(ctx, hash, password)
		if err != nil {
			return nil, err
		}
		if fits && found == nil && !users[i].Disabled {
			found = &users[i]
		}
	}
	return found, nil
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
