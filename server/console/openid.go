package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/console/openid"
	"mintkey/server/limits"
	"mintkey/store"
)

const (
	openIDPath   = "/console/sign-in/oidc"
	callbackPath = "/console/sign-in/oidc/callback" // operators register it at the provider

	sessionOpenID = "openid"
	attemptLives  = 15 * time.Minute // people look for their second factor
)

// AnyAccount in OpenID.Account believes the provider about the users of every account.
const AnyAccount = "*"

// The refusals of a sign-in at a provider, besides those of package openid.
var (
	errPasswordsOff = errors.New("passwords are turned off")
	errLostAttempt  = errors.New("the answer fits no sign-in of this browser")
	errStranger     = errors.New("no user has the e-mail address")
	errDisabled     = errors.New("the user is disabled")
	errNoAccountSet = errors.New("oidc.account is not set, and there are several accounts")
)

// OpenID is sign-in at an OpenID provider. A zero Issuer turns it off.
type OpenID struct {
	openid.Options // but RedirectURL, which New fills in

	Name    string // of the provider, for people
	Account string // whose users may sign in this way; empty for the only one that there is
	Only    bool   // passwords are refused
}

func (o OpenID) provider(issuer string) *openid.Provider {
	if o.Issuer == "" {
		return nil
	}
	o.RedirectURL = issuer + callbackPath
	return openid.New(o.Options)
}

// openIDChoice is the button on the sign-in page; without a Path there is none.
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

// attempt is a sign-in that has begun, as the session of a browser in which nobody is signed in keeps it.
type attempt struct {
	openid.Attempt

	Next    string    `json:"next"`
	Account string    `json:"account"`
	Begun   time.Time `json:"begun"`
}

// startOpenID leads to the provider. It is a link and no form, because form-action of the Content-Security-Policy would forbid the
// redirect to another site. Nothing happens here that another site could want: whoever is signed in stays so.
func (c *Console) startOpenID(v *visit) error {
	form := signInForm{Account: v.FormValue("account"), Next: localPath(v.FormValue("next"))}
	if c.identify(v) == nil {
		return v.redirect(form.Next)
	}
	ctx := v.Context()
	if _, err := c.Limits.Reserve(ctx, limits.OpenIDStart(v.about.Address)); err != nil {
		return err
	}
	begun, to, err := c.provider.Begin(ctx)
	if err != nil {
		return c.refuseOpenID(v, form, err)
	}
	text, err := json.Marshal(attempt{begun, form.Next, form.Account, v.about.At})
	if err != nil {
		return err
	}
	c.sessions.Put(ctx, sessionOpenID, string(text))
	c.sessions.SetDeadline(ctx, v.about.At.Add(attemptLives-c.ClockOffset)) // by the real clock: see sessionStore
	return v.redirect(to)
}

// finishOpenID takes the provider's answer. The attempt is spent by an answer that fits, whatever comes of it; one that does not fit
// leaves it alone, so that another site can't spoil a sign-in that is under way.
func (c *Console) finishOpenID(v *visit) error {
	ctx := v.Context()
	var begun attempt
	err := json.Unmarshal([]byte(cmp.Or(c.sessions.GetString(ctx, sessionOpenID), "{}")), &begun)
	if err != nil {
		return err
	}
	form := signInForm{Account: begun.Account, Next: localPath(begun.Next)}
	if !begun.Fits(v.Form) || v.about.At.Sub(begun.Begun) >= attemptLives {
		if c.identify(v) == nil {
			return v.redirect(homePath) // the way back in the browser's history
		}
		return c.refuseOpenID(v, form, errLostAttempt)
	}
	c.sessions.Remove(ctx, sessionOpenID)
	person, err := c.provider.Finish(ctx, begun.Attempt, v.Form, v.about.At.Add(-c.ClockOffset))
	if err != nil {
		return c.refuseOpenID(v, form, err)
	}
	subject, err := c.welcome(v, begun.Account, person)
	if err != nil {
		return c.refuseOpenID(v, form, err)
	}
	if err := c.begin(ctx, subject, v.about.At); err != nil {
		return err
	}
	c.rememberDevice(v, subject.User)
	return v.redirect(form.Next)
}

// refuseOpenID shows the sign-in page again. Why is in the log: the page says nothing in the provider's words.
func (c *Console) refuseOpenID(v *visit, form signInForm, because error) error {
	status := explain(because).status
	if status == http.StatusInternalServerError {
		return because
	}
	level := slog.LevelInfo
	if status > http.StatusInternalServerError { // the operator's matter, and not this person's
		level = slog.LevelWarn
	}
	c.Log.Log(v.Context(), level, "a sign-in at the OpenID provider failed", slog.String("request_id", v.about.ID),
		slog.String("address", v.about.Address), slog.String("reason", policy.WithoutSecrets(shorten(because.Error()))))
	return c.showSignIn(v, because, form)
}

// shorten keeps a provider's page of error from filling the log.
func shorten(text string) string { return text[:min(len(text), 500)] }

// welcome finds the user who the person at the provider is here, and binds the two at the first time.
func (c *Console) welcome(v *visit, accountID string, person openid.Person) (policy.Subject, error) {
	if isASCII(policy.FoldEmail(person.Email)) && !isASCII(person.Email) {
		return policy.Subject{}, errStranger // the Kelvin sign folds to k, and an address with it is somebody else's
	}
	users, err := c.usersOf(v.Context(), accountID, person.Email)
	if err != nil {
		return policy.Subject{}, err
	}
	identity := policy.Identity{Issuer: person.Issuer, Subject: person.Subject}
	refusal := errStranger
	for _, user := range users {
		subject, err := c.welcomeAs(v, user, identity)
		if err == nil {
			return subject, nil
		}
		refusal = err
	}
	return policy.Subject{}, refusal
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

func (c *Console) welcomeAs(v *visit, user policy.User, identity policy.Identity) (policy.Subject, error) {
	if user.Disabled {
		return policy.Subject{}, errDisabled
	}
	subject, err := c.anywhere(v.Context(), user)
	if err != nil {
		return policy.Subject{}, err
	}
	actor := admin.Actor{Subject: subject, Via: "console", Address: v.about.Address, RequestID: v.about.ID, At: v.about.At}
	return subject, c.Service.SignedInAs(v.Context(), actor, identity)
}

// usersOf are the users with the address in the accounts about whose users the provider is believed. An account that was asked for
// narrows them where there is a choice.
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
	users, _, err := c.candidates(ctx, accountID, email)
	return users, err
}
