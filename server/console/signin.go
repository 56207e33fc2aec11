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
	Account string // narrows the search; needed only if several accounts have the same address and password
	Next    string
	Problem string
	Info    string
	Mail    bool // links to choose a new password can be mailed
	OpenID  openIDChoice
}

func (c *Console) signInPage(req *request) error {
	if c.identify(req) == nil {
		return req.redirect(localPath(req.FormValue("next")))
	}
	form := signInForm{Email: req.FormValue("email"), Account: req.FormValue("account"), Next: localPath(req.FormValue("next"))}
	form.Email = cmp.Or(form.Email, c.sessions.PopString(req.Context(), sessionEmail))
	req.layout.Notice = c.sessions.PopString(req.Context(), sessionNotice)
	if form.Next != homePath {
		form.Info = "Sign in to go on."
	}
	return c.showSignIn(req, nil, form)
}

// showSignIn shows the page with every way to sign in that is configured.
func (c *Console) showSignIn(req *request, cause error, form signInForm) error {
	form.OpenID, form.Mail = c.openIDChoice(form), c.mailsLinks()
	if cause == nil {
		return c.show(req, "sign-in", "Sign in", form)
	}
	form.Problem = explain(cause).text
	return c.showStatus(req, cause, "sign-in", "Sign in", form)
}

// signIn gives the same response after the same time to every failure: an unknown address, a wrong or missing password, a disabled user.
func (c *Console) signIn(req *request) error {
	form := signInForm{
		Email: strings.TrimSpace(req.PostFormValue("email")), Account: req.PostFormValue("account"),
		Next: localPath(req.PostFormValue("next")),
	}
	if c.OpenID.Only {
		return c.showSignIn(req, errPasswordsOff, form)
	}
	subject, err := c.authenticate(req, form, req.PostFormValue("password"))
	switch {
	case errors.Is(err, errWrongSignIn):
		return c.showSignIn(req, errWrongSignIn, form)
	case err != nil:
		return err
	}
	if err := c.welcome(req, subject, policy.MethodPassword); err != nil {
		return err
	}
	return req.redirect(form.Next)
}

// maxCandidates is the number of accounts in which an address is tried. Each attempt costs as many password checks as there are accounts,
// up to this number, so that the time taken does not reveal how many of them have the address.
const maxCandidates = 3

// authenticate counts the attempt before anything is hashed, and refunds it if the password was right, so that concurrent attempts count
// like sequential ones (R23).
func (c *Console) authenticate(req *request, form signInForm, password string) (policy.Subject, error) {
	ctx := req.Context()
	users, checks, err := c.candidates(ctx, form.Account, form.Email)
	if err != nil {
		return policy.Subject{}, err
	}
	reserved, err := c.Limits.Reserve(ctx, limits.Password(budgetsOf(form, users), c.visitor(req)))
	if err != nil {
		c.refused(req, policy.MethodPassword, policy.SignInTooMany, users...)
		return policy.Subject{}, err
	}
	found, err := c.matchPassword(ctx, users, checks, password)
	if found != nil && !found.Disabled || errors.Is(err, passwords.ErrBusy) {
		reserved.Refund(ctx)
	}
	if err != nil {
		return policy.Subject{}, err
	}
	if found == nil {
		c.refused(req, policy.MethodPassword, policy.SignInWrongPassword, users...)
		return policy.Subject{}, errWrongSignIn
	}
	if found.Disabled {
		c.refused(req, policy.MethodPassword, policy.SignInDisabled, *found)
		return policy.Subject{}, errWrongSignIn
	}
	subject, err := c.defaultSubject(ctx, *found)
	if errors.Is(err, errNoTenant) {
		c.refused(req, policy.MethodPassword, policy.SignInNotMember, *found)
	}
	return subject, err
}

// budgetsOf returns the budgets that an attempt is charged to: those of each user with the address, or that of the unknown address.
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

// matchPassword does exactly the given number of checks, and returns the first user with the password, or nil. One who is disabled is
// returned only if no other has it.
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
		if fits && (found == nil || found.Disabled) {
			found = &users[i]
		}
	}
	return found, nil
}

// defaultSubject returns the user in the first of their tenants.
func (c *Console) defaultSubject(ctx context.Context, u policy.User) (policy.Subject, error) {
	subject, err := c.subject(ctx, session{accountID: u.AccountID, userID: u.ID}, "")
	if errors.Is(err, store.ErrNotFound) || err == nil && subject.Authority() == policy.AuthorityNone {
		return policy.Subject{}, errNoTenant
	}
	return subject, err
}

// candidates returns the users with the address, and how many passwords to check.
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

// signOut also works for a session that is dead by now.
func (c *Console) signOut(req *request) error {
	if c.identify(req) == nil {
		if err := c.farewell(req, false); err != nil {
			return err
		}
	}
	if err := c.sessions.Destroy(req.Context()); err != nil {
		return err
	}
	return req.redirect(signInPath)
}

// signOutEverywhere ends the visitor's sessions in every browser, this one included.
func (c *Console) signOutEverywhere(req *request) error {
	if err := c.sessionCutoffs().Set(req.Context(), req.actor.User.ID, req.info.At); err != nil {
		return err
	}
	if err := c.farewell(req, true); err != nil {
		return err
	}
	if err := c.sessions.Destroy(req.Context()); err != nil {
		return err
	}
	return req.redirect(signInPath)
}

// home redirects to the page that the visitor most likely wants.
func (c *Console) home(req *request) error {
	if req.actor.Require(policy.ScopeKeysRead) == nil {
		return req.redirect(keysPath(req.in.Tenant.ID))
	}
	return req.redirect(accountPath)
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

// localPath returns the text if it is the path of a console page, else the home path, so that a sign-in can't redirect to another site.
func localPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.Contains(text, `\`) || path.Clean(u.Path) != u.Path ||
		u.Path != homePath && !strings.HasPrefix(u.Path, homePath+"/") || u.Path == signInPath || strings.HasPrefix(u.Path, signInPath+"/") {
		return homePath
	}
	return u.RequestURI()
}
