package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"mintkey/policy"
	"mintkey/server/console/openid"
	"mintkey/server/limits"
	"mintkey/store"
)

const (
	openIDPath   = "/console/sign-in/oidc"
	callbackPath = "/console/sign-in/oidc/callback" // operators register it at the provider
)

// AnyAccount as OpenID.Account lets the provider sign in users of every account.
const AnyAccount = "*"

// Reasons to refuse a sign-in at a provider, in addition to those of package openid.
var (
	errPasswordsOff  = errors.New("passwords are turned off")
	errLostAttempt   = errors.New("the answer matches no sign-in of this browser")
	errUnknownPerson = errors.New("no user has the e-mail address")
	errDisabled      = errors.New("the user is disabled")
	errNoAccountSet  = errors.New("oidc.account is not set, and there are several accounts")
)

// OpenID is sign-in at an OpenID provider. A zero Issuer turns it off.
type OpenID struct {
	openid.Options // New sets RedirectURL

	Name    string // of the provider, for people
	Account string // whose users may sign in this way; may be empty if there is only one account
	Only    bool   // passwords are refused
}

func (o OpenID) provider(consoleURL string) *openid.Provider {
	if o.Issuer == "" {
		return nil
	}
	o.RedirectURL = consoleURL + callbackPath
	return openid.New(o.Options)
}

// openIDChoice is the provider's button on the sign-in page; an empty Path means that there is none.
type openIDChoice struct {
	Name, Path string
	Only       bool
}

func (c *Console) openIDChoice(form signInForm) openIDChoice {
	if c.provider == nil {
		return openIDChoice{}
	}
	query := url.Values{}
	if form.Next != homePath {
		query.Set("next", form.Next)
	}
	if form.Account != "" {
		query.Set("account", form.Account)
	}
	to := url.URL{Path: openIDPath, RawQuery: query.Encode()}
	return openIDChoice{c.OpenID.Name, to.String(), c.OpenID.Only}
}

// startOpenID redirects to the provider. It is a link, not a form, because form-action of the Content-Security-Policy would forbid the
// redirect to another site. Another site gains nothing by calling it: a visitor who is signed in stays signed in.
func (c *Console) startOpenID(req *request) error {
	form := signInForm{Account: req.FormValue("account"), Next: localPath(req.FormValue("next"))}
	if c.identify(req) == nil {
		return req.redirect(form.Next)
	}
	ctx := req.Context()
	if _, err := c.Limits.Reserve(ctx, limits.OpenIDStart(req.info.Address)); err != nil {
		return err
	}
	begun, to, err := c.provider.Begin(ctx)
	if err != nil {
		return c.refuseOpenID(req, form, err)
	}
	if err := c.keepAttempt(req, newAttempt(begun, form, req.info.At)); err != nil {
		return err
	}
	return req.redirect(to)
}

// finishOpenID handles the provider's answer. A matching answer uses up the attempt, whether or not the sign-in succeeds; one that does
// not match leaves it alone, so that another site can't break a sign-in in progress.
func (c *Console) finishOpenID(req *request) error {
	ctx := req.Context()
	begun := c.attempt(req)
	form := signInForm{Account: begun.Account, Next: localPath(begun.Next)}
	if !begun.Matches(req.Form) {
		if c.identify(req) == nil {
			return req.redirect(homePath) // the visitor went back in the browser's history
		}
		return c.refuseOpenID(req, form, errLostAttempt)
	}
	c.forgetAttempt(req)
	since, proves := c.proving(req, begun)
	person, err := c.provider.Finish(ctx, begun.Attempt, req.Form, req.info.At.Add(-c.ClockOffset))
	if err != nil {
		return c.refuseOpenID(req, form, err)
	}
	if proves {
		return c.finishProof(req, begun, person, since)
	}
	subject, err := c.userAtProvider(req, begun.Account, person)
	if err != nil {
		return c.refuseOpenID(req, form, err)
	}
	how := proof{method: policy.MethodOpenID, idToken: person.IDToken}
	if !person.SignedInAt.IsZero() {
		how.at = person.SignedInAt.Add(c.ClockOffset)
	}
	if err := c.welcome(req, subject, how); err != nil {
		return err
	}
	return req.redirect(form.Next)
}

// refuseOpenID shows the sign-in page again. The reason goes to the log: the page must not repeat the provider's text.
func (c *Console) refuseOpenID(req *request, form signInForm, cause error) error {
	status := explain(cause).status
	if status == http.StatusInternalServerError {
		return cause
	}
	level := slog.LevelInfo
	if status > http.StatusInternalServerError { // the operator must act, not this person
		level = slog.LevelWarn
	}
	c.Log.Log(req.Context(), level, "OpenID sign-in failed", slog.String("request_id", req.info.ID),
		slog.String("address", req.info.Address), slog.String("reason", policy.WithoutSecrets(shorten(cause.Error()))))
	return c.showSignIn(req, cause, form)
}

// shorten keeps the error page of a provider from filling the log.
func shorten(text string) string { return text[:min(len(text), 500)] }

// userAtProvider finds the user for a person at the provider. The first sign-in binds the two.
func (c *Console) userAtProvider(req *request, accountID string, person openid.Person) (policy.Subject, error) {
	if isASCII(policy.FoldEmail(person.Email)) && !isASCII(person.Email) {
		return policy.Subject{}, errUnknownPerson // e.g. the Kelvin sign folds to k: that is somebody else's address
	}
	users, err := c.usersOf(req.Context(), accountID, person.Email)
	if err != nil {
		return policy.Subject{}, err
	}
	identity := policy.Identity{Issuer: person.Issuer, Subject: person.Subject}
	refusal := errUnknownPerson
	for _, user := range users {
		subject, err := c.signInAs(req, user, identity)
		if err == nil {
			return subject, nil
		}
		if reason := refusedBecause(err); reason != "" {
			c.refused(req, policy.MethodOpenID, reason, user)
		}
		refusal = err
	}
	return policy.Subject{}, refusal
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

func (c *Console) signInAs(req *request, user policy.User, identity policy.Identity) (policy.Subject, error) {
	if user.Disabled {
		return policy.Subject{}, errDisabled
	}
	subject, err := c.defaultSubject(req.Context(), user)
	if err != nil {
		return policy.Subject{}, err
	}
	subject.User = user // whom the address was found for: SignedInAs refuses if they have changed since
	subject.User, err = c.Service.SignedInAs(req.Context(), c.actorOf(req, subject), identity)
	return subject, err
}

// refusedBecause is empty for a failure of the server.
func refusedBecause(err error) string {
	switch {
	case errors.Is(err, errDisabled):
		return policy.SignInDisabled
	case errors.Is(err, errNoTenant):
		return policy.SignInNotMember
	case errors.Is(err, policy.ErrOtherPerson):
		return policy.SignInOtherPerson
	default:
		return ""
	}
}

// usersOf returns the users with the address in the accounts that the provider may sign in. With AnyAccount, accountID narrows the
// search unless it is empty.
func (c *Console) usersOf(ctx context.Context, accountID, email string) ([]policy.User, error) {
	switch c.OpenID.Account {
	case AnyAccount:
	case "":
		accounts, err := c.Store.Accounts(ctx, store.Page{Limit: 2})
		if err != nil || len(accounts) == 0 {
			return nil, err
		}
		if len(accounts) > 1 {
			return nil, errNoAccountSet
		}
		accountID = accounts[0].ID
	default:
		accountID = c.OpenID.Account
	}
	return c.usersWithAddress(ctx, accountID, email)
}
