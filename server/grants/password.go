package grants

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/limits"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

const typePassword = "password"

// passwordDeprecatedAt is when the password grant became deprecated: release 24.3 dropped it (R20).
func passwordDeprecatedAt() time.Time { return time.Date(2024, time.July, 1, 0, 0, 0, 0, time.UTC) }

// passwordLogin exchanges a password for a token (RFC 6749 section 4.3), only for tenants on an older release (R20).
type passwordLogin struct {
	endpoint *Endpoint
	tenantID string
	username string // an e-mail address or a user ID
	password string
}

func (e *Endpoint) parsePassword(_ *http.Request, form web.Form) (Grant, error) {
	login := &passwordLogin{e, form.Get("tenant_id"), form.Get("username"), form.Get("password")}
	if login.tenantID == "" || login.username == "" || login.password == "" {
		return nil, web.Refuse(web.ErrInvalidRequest, "The password grant needs tenant_id, username and password.")
	}
	return login, nil
}

func (*passwordLogin) Type() string { return typePassword }

// Authenticate gives the same answer for every tenant on a newer release and for one that does not exist, before it looks up anything
// about the user (R22).
func (g *passwordLogin) Authenticate(ctx context.Context, from *web.Info) (Holder, error) {
	tenant, err := g.findTenant(ctx)
	if err != nil {
		return Holder{}, err
	}
	if !tenant.Release.AllowsPassword() {
		return Holder{}, web.Refuse(web.ErrUnauthorizedClient, "The tenant does not allow passwords: use an access key.")
	}
	subject, err := g.check(ctx, tenant, from)
	return Holder{
		Subject: subject, ClientID: subject.User.ID, // there is no client: the user takes its place
		Source: store.TrafficSource{AccountID: tenant.AccountID, TenantID: tenant.ID, ClientID: store.TrafficPasswords},
		Scopes: g.endpoint.Catalogue, Methods: []string{tokens.MethodPassword},
	}, err
}

// Index is that of the membership, so that the token ends with it and with the password (R27).
func (g *passwordLogin) Index(ctx context.Context, h Holder, now time.Time) (uint64, error) {
	index, err := g.endpoint.Indexes.PasswordIndex(ctx, h.Subject, now)
	if index != 0 && g.endpoint.Ended(index) { // before the store lost it
		return 0, wrongLogin()
	}
	if errors.Is(err, policy.ErrNotMember) { // since the password was checked
		err = wrongLogin()
	}
	return index, err
}

// Refused tells the audit trail, at most once a minute. A password that was right a moment ago has ended since, unless it is the quota.
func (g *passwordLogin) Refused(h Holder, reason store.Outcome, from *web.Info) {
	word := reason.String()
	if reason == store.RefusedWrongSecret {
		word = policy.SignInWrongPassword
	}
	g.refused(h.Tenant, h.User.ID, word, from)
}

// Used records that the user still uses a password.
func (g *passwordLogin) Used(h Holder, from *web.Info) {
	g.endpoint.Usage.Logins.Note(h.Tenant.ID, h.User.ID, from.Address, from.At)
}

// Warn tells a program that passwords are deprecated (RFC 9745), when they stop working (RFC 8594), and where to create an access key.
func (g *passwordLogin) Warn(h http.Header) {
	h.Set("Deprecation", fmt.Sprintf("@%d", passwordDeprecatedAt().Unix()))
	h.Add("Link", fmt.Sprintf(`<%s>; rel="deprecation"; type="text/html"; title="Use an access key instead of a password"`,
		g.endpoint.Console))
	if sunset := g.endpoint.PasswordSunset; !sunset.IsZero() {
		h.Set("Sunset", sunset.UTC().Format(http.TimeFormat))
	}
}

// wrongLogin is the refusal of everything that is wrong with a login (R22).
func wrongLogin() *clients.RefusedError {
	return &clients.RefusedError{
		Reason: store.RefusedWrongSecret, As: web.Refuse(web.ErrInvalidGrant, "The user name or the password is wrong."),
	}
}

// check finds the member and checks the password. A wrong password, an unknown user, a user without a password, a disabled user and a
// non-member take the same time and give the same error (R22). Each attempt is counted before anything is hashed, and given back if it was
// right, so that concurrent attempts count like attempts made one after another (R23).
func (g *passwordLogin) check(ctx context.Context, tenant policy.Tenant, from *web.Info) (policy.Subject, error) {
	wrong := wrongLogin()
	id, user, err := g.findUser(ctx, tenant)
	if err != nil {
		return policy.Subject{}, err
	}
	subject, err := g.findMember(ctx, tenant, id)
	if err != nil {
		return policy.Subject{}, err
	}
	visitor := limits.Visitor{Address: from.Address, At: from.At}
	reserved, err := g.endpoint.Limits.Reserve(ctx, limits.Password([]limits.User{user}, visitor))
	if err != nil {
		g.refused(tenant, id, policy.SignInTooMany, from)
		return policy.Subject{}, clients.Slowed(wrong, err)
	}
	fits, err := g.endpoint.Hasher.Verify(ctx, subject.User.PasswordHash, g.password)
	right := fits && subject.Authority() != policy.AuthorityNone && !subject.User.IsRobot()
	if right || errors.Is(err, passwords.ErrBusy) {
		reserved.Refund(ctx)
	}
	switch {
	case err != nil:
		return policy.Subject{}, fmt.Errorf("check password: %w", err)
	case !right:
		g.refused(tenant, id, whyWrong(subject, fits), from)
		return policy.Subject{}, wrong
	}
	if err := g.endpoint.Limits.Remember(ctx, user, visitor, ""); err != nil {
		g.endpoint.Log.WarnContext(ctx, "remembering an address failed", slog.Any("error", err))
	}
	return subject, nil
}

// whyWrong is for the audit trail alone.
func whyWrong(subject policy.Subject, fits bool) string {
	switch {
	case fits && errors.Is(subject.Stopped(), policy.ErrTenantSuspended):
		return policy.SignInSuspended
	case fits:
		return policy.SignInDisabled
	case subject.User.ID == "":
		return policy.SignInNotMember
	default:
		return policy.SignInWrongPassword
	}
}

func (g *passwordLogin) refused(tenant policy.Tenant, userID, reason string, from *web.Info) {
	g.endpoint.Usage.SignIns.Refused(policy.RefusedSignIn{
		Action: policy.ActionTokenRefused, AccountID: tenant.AccountID, TenantID: tenant.ID, UserID: userID,
		Method: policy.MethodPassword, Reason: reason,
	}, from.Address, from.At)
}

// findTenant returns the zero Tenant, which allows no passwords, where there is none.
func (g *passwordLogin) findTenant(ctx context.Context) (policy.Tenant, error) {
	if policy.CheckID(g.tenantID) == nil { // else it may be of any length
		tenant, err := g.endpoint.Store.Tenant(ctx, g.tenantID)
		if !errors.Is(err, store.ErrNotFound) {
			return tenant, err
		}
	}
	return policy.Tenant{}, nil
}

// findUser returns the user ID for an e-mail address or user ID, empty if there is none, and the user whose budget a wrong password is
// counted in.
func (g *passwordLogin) findUser(ctx context.Context, tenant policy.Tenant) (string, limits.User, error) {
	if policy.CheckID(g.username) == nil {
		return g.username, limits.KnownUser(tenant.AccountID, g.username), nil
	}
	unknown := limits.UnknownUser(tenant.AccountID, g.username)
	if len(g.username) > policy.MaxEmailLength || !strings.Contains(g.username, "@") {
		return "", unknown, nil
	}
	user, err := g.endpoint.Store.UserByEmail(ctx, tenant.AccountID, g.username)
	if errors.Is(err, store.ErrNotFound) {
		return "", unknown, nil
	}
	return user.ID, limits.KnownUser(tenant.AccountID, user.ID), err
}

// findMember returns the member of the tenant with the user ID, or the zero Subject, which has no password.
func (g *passwordLogin) findMember(ctx context.Context, tenant policy.Tenant, id string) (policy.Subject, error) {
	if id == "" {
		return policy.Subject{}, nil
	}
	subject, err := g.endpoint.Store.Subject(ctx, tenant.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return policy.Subject{}, nil
	}
	return subject, err
}
