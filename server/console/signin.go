package console

import (
	"cmp"
	"errors"
	"net/url"
	"path"
	"strings"

	"mintkey/passwords"
	"mintkey/policy"
)

type signInForm struct {
	Email   string
	Account string // narrows the search; needed only if several accounts have the same address and password
	Next    string
	// AskAccount shows a field for the account; with Accounts it is a choice of these.
	AskAccount bool
	Accounts   []policy.Account
	Problem    string
	Info       string
	Mail       bool // links to choose a new password can be mailed
	OpenID     openIDChoice
	Leave      string // name of the provider at which one who has signed out here can sign out too
	Passkeys   bool   // browsers can have passkeys for this console
}

func (c *Console) signInPage(req *request) error {
	if c.identify(req) == nil {
		return req.redirect(localPath(req.FormValue("next")))
	}
	form := signInForm{Email: req.FormValue("email"), Account: req.FormValue("account"), Next: localPath(req.FormValue("next"))}
	form.Email = cmp.Or(form.Email, c.sessions.PopString(req.Context(), sessionEmail))
	req.layout.Notice = c.sessions.PopString(req.Context(), sessionNotice)
	c.back(req)
	var err error
	if form.Leave, err = c.canLeave(req); err != nil {
		return err
	}
	if form.Next != homePath {
		form.Info = "Sign in to go on."
	}
	return c.showSignIn(req, nil, form)
}

// showSignIn shows the page with every way to sign in that is configured.
func (c *Console) showSignIn(req *request, cause error, form signInForm) error {
	form.OpenID, form.Mail, form.Passkeys = c.openIDChoice(form), c.mailsLinks(), c.passkeys != nil
	if cause == nil {
		return c.show(req, "sign-in", "Sign in", form)
	}
	e := explain(cause)
	form.Problem = e.text
	retryAfter(req, cause)
	return c.showAs(req, e.status, "sign-in", "Sign in", form)
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
	case errors.Is(err, errWhichAccount):
		form.AskAccount = true
		if which, ok := errors.AsType[*whichAccountError](err); ok {
			form.Accounts = which.accounts
		}
		return c.showSignIn(req, errWhichAccount, form)
	case err != nil && passes(err):
		return c.showSignIn(req, err, form)
	case err != nil:
		return err
	}
	if subject.User.HasSecondFactor() {
		return c.beginSecondFactor(req, subject.User, form.Next)
	}
	if err := c.welcome(req, subject, proof{method: policy.MethodPassword}); err != nil {
		return err
	}
	return req.redirect(form.Next)
}

// authenticate counts the attempt before anything is hashed, and refunds it to those whose password was right, so that concurrent attempts
// count like sequential ones (R23).
func (c *Console) authenticate(req *request, form signInForm, password string) (policy.Subject, error) {
	ctx := req.Context()
	users, checks, err := c.candidates(ctx, form)
	if err != nil {
		return policy.Subject{}, err
	}
	charges, err := c.reserve(ctx, form, users, c.visitor(req))
	if err != nil {
		c.refused(req, policy.MethodPassword, policy.SignInTooMany, users...)
		return policy.Subject{}, err
	}
	users = charged(charges)
	found, err := c.matchPassword(ctx, users, checks, password)
	if errors.Is(err, passwords.ErrBusy) {
		refundAll(ctx, charges)
	} else {
		refund(ctx, charges, found)
	}
	switch {
	case err != nil:
		return policy.Subject{}, err
	case len(found) == 0:
		c.refused(req, policy.MethodPassword, policy.SignInWrongPassword, users...)
		return policy.Subject{}, errWrongSignIn
	case len(found) > 1:
		return policy.Subject{}, c.whichAccount(ctx, found)
	}
	subject, err := c.defaultSubject(ctx, found[0])
	switch {
	case errors.Is(err, errNoTenant):
		c.refused(req, policy.MethodPassword, policy.SignInNotMember, found[0])
	case err == nil && subject.User.SignInState() != found[0].SignInState():
		// The password was replaced while it was checked. A session for the user as they are now would outlive that.
		c.refused(req, policy.MethodPassword, policy.SignInWrongPassword, found[0])
		return policy.Subject{}, errWrongSignIn
	}
	return subject, err
}

// signOut also works for a session that is dead by now.
func (c *Console) signOut(req *request) error {
	known := c.identify(req) == nil
	if known {
		if err := c.farewell(req, false); err != nil {
			return err
		}
	}
	if err := errors.Join(c.endThisSession(req), c.sessions.Destroy(req.Context())); err != nil {
		return err
	}
	if known { // a stranger gets no session for it
		if err := c.sayGoodbye(req); err != nil {
			return err
		}
	}
	if next := localPath(req.PostFormValue("next")); next != homePath { // to go on there as somebody else
		return req.redirect(signInPath + "?" + url.Values{"next": {next}}.Encode())
	}
	return req.redirect(signInPath)
}

// signOutEverywhere ends the visitor's sessions in every browser, this one included.
func (c *Console) signOutEverywhere(req *request) error {
	if yes, err := c.confirmed(req, everywhere()); !yes {
		return err
	}
	if _, err := c.Service.EndOtherSessions(req.Context(), req.actor, ""); err != nil {
		return err
	}
	if err := c.farewell(req, true); err != nil {
		return err
	}
	if err := errors.Join(c.sessions.Destroy(req.Context()), c.sayGoodbye(req)); err != nil {
		return err
	}
	return req.redirect(signInPath)
}

func (c *Console) signOutEverywherePage(req *request) error {
	return c.askAgain(req, everywhere(), nil)
}

func everywhere() question {
	return question{
		Back: accountPath, Title: "Sign out everywhere?", Button: "Sign out everywhere",
		Says: []string{"All your sessions end, in every browser, this one included. Your access keys go on working."},
	}
}

// home redirects to the page that the visitor most likely wants.
func (c *Console) home(req *request) error {
	if req.in.Tenant.ID == "" {
		return req.redirect(tenantsPath)
	}
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
