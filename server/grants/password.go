package grants

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

const typePassword = "password"

// passwordDeprecatedAt is when the password grant became deprecated: the release 24.3 came without it (R20).
var passwordDeprecatedAt = time.Date(2024, time.July, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant that Go cannot write as one

// passwordLogin exchanges a password for a token (RFC 6749 section 4.3), for tenants of an older release only (R20).
type passwordLogin struct {
	endpoint *Endpoint
	tenantID string
	username string // an e-mail address or a user ID
	password string
}

func (e *Endpoint) parsePassword(_ *http.Request, form url.Values) (Grant, error) {
	login := &passwordLogin{e, form.Get("tenant_id"), form.Get("username"), form.Get("password")}
	if login.tenantID == "" || login.username == "" || login.password == "" {
		return nil, web.Refuse(web.ErrInvalidRequest, "The password grant needs tenant_id, username and password.")
	}
	return login, nil
}

func (*passwordLogin) Type() string { return typePassword }

// Authenticate answers the same for every tenant of a newer release, and for one that does not exist, before anything is looked up about
// the user (R22).
func (g *passwordLogin) Authenticate(ctx context.Context, from *web.Info) (Holder, error) {
	tenant, err := g.endpoint.Store.Tenant(ctx, g.tenantID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Holder{}, err
	}
	if !tenant.Release.AllowsPassword() {
		return Holder{}, web.Refuse(web.ErrUnauthorizedClient, "The tenant does not allow passwords: use an access key.")
	}
	subject, err := g.check(ctx, tenant, from)
	return Holder{
		Subject: subject, ClientID: subject.User.ID, // there is no client: the user stands for it
		Source: store.TrafficSource{AccountID: tenant.AccountID, TenantID: tenant.ID, ClientID: store.TrafficPasswords},
		Scopes: g.endpoint.Catalogue, Methods: []string{tokens.MethodPassword},
	}, err
}

// Used notes that the user still uses a password.
func (g *passwordLogin) Used(h Holder, from *web.Info) {
	g.endpoint.Usage.Logins.Note(h.Tenant.ID, h.User.ID, from.Address, from.At)
}

// Warn tells a program that passwords are deprecated (RFC 9745), when they end (RFC 8594), and where access keys are made.
func (g *passwordLogin) Warn(h http.Header) {
	h.Set("Deprecation", fmt.Sprintf("@%d", passwordDeprecatedAt.Unix()))
	h.Add("Link", fmt.Sprintf(`<%s/console>; rel="deprecation"; type="text/html"; title="Use an access key instead of a password"`, g.endpoint.Issuer))
	if sunset := g.endpoint.PasswordSunset; !sunset.IsZero() {
		h.Set("Sunset", sunset.UTC().Format(http.TimeFormat))
	}
}

// check finds the member and checks the password. A wrong password, an unknown user, a user without a password, a disabled one and a
// non-member take like time and give the same error (R22). Guessing is slowed by user and by address (R23).
func (g *passwordLogin) check(ctx context.Context, tenant policy.Tenant, from *web.Info) (policy.Subject, error) {
	if tooMany := g.endpoint.Guesses.Password(ctx, tenant.ID, g.username, from.Address); tooMany != nil {
		return policy.Subject{}, wrongPassword(tooMany)
	}
	subject, err := g.findMember(ctx, tenant)
	if err != nil {
		return policy.Subject{}, err
	}
	var right bool
	err = g.endpoint.hashing.do(ctx, func() (err error) {
		right, err = passwords.Verify(subject.User.PasswordHash, g.password)
		return err
	})
	if err != nil {
		return policy.Subject{}, fmt.Errorf("check password: %w", err)
	}
	if !right || subject.Authority() == policy.AuthorityNone {
		if tooMany := g.endpoint.Guesses.WrongPassword(ctx, tenant.ID, g.username, from.Address); tooMany != nil {
			return policy.Subject{}, wrongPassword(tooMany)
		}
		return policy.Subject{}, wrongPassword(web.Refuse(web.ErrInvalidGrant, "The user name or the password is wrong."))
	}
	return subject, nil
}

func wrongPassword(as error) error {
	return &clients.RefusedError{Reason: store.RefusedWrongSecret, As: as}
}

// findMember returns the member of the tenant with the e-mail address or user ID, or the zero Subject, which has no password.
func (g *passwordLogin) findMember(ctx context.Context, tenant policy.Tenant) (policy.Subject, error) {
	id := g.username
	if strings.Contains(g.username, "@") {
		user, err := g.endpoint.Store.UserByEmail(ctx, tenant.AccountID, g.username)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return policy.Subject{}, err
		}
		id = user.ID
	}
	if isID := policy.CheckID(id) == nil; !isID {
		return policy.Subject{}, nil
	}
	subject, err := g.endpoint.Store.Subject(ctx, tenant.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return policy.Subject{}, nil
	}
	return subject, err
}

// hashing bounds how many passwords are hashed at once, because each takes memory and a core: a flood of logins waits in line and the token path
// goes on.
type hashing chan struct{}

func newHashing(atOnce int) hashing { return make(hashing, atOnce) }

func (h hashing) do(ctx context.Context, hash func() error) error {
	select {
	case h <- struct{}{}:
		defer func() { <-h }()
		return hash()
	case <-ctx.Done():
		return ctx.Err()
	}
}
