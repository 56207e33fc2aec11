package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/store"
	"mintkey/tokens"
)

const grantPassword = "password"

// passwordDeprecatedAt is when the password grant became deprecated: the release 24.3 came without it (R20).
var passwordDeprecatedAt = time.Date(2024, time.July, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant that Go cannot write as one

// passwordLogin is what a person presents.
type passwordLogin struct {
	tenantID string
	username string // an e-mail address or a user ID
	password string
}

// passwordGrant exchanges a password for a token, for tenants of an older release alone (R20). For any other tenant, and for one that does
// not exist, the answer is the same whoever asks, before anything is looked up about the user (R22).
func (s *Server) passwordGrant(ctx context.Context, login passwordLogin, form url.Values) (issuedToken, error) {
	tenant, err := s.store.Tenant(ctx, login.tenantID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return issuedToken{}, err
	}
	if !tenant.Release.AllowsPassword() {
		return issuedToken{}, refuse(errUnauthorizedClient, "The tenant does not allow passwords: use an access key.")
	}
	issued, err := s.issueForPassword(ctx, tenant, login, form)
	s.traffic.record(store.TrafficSource{AccountID: tenant.AccountID, TenantID: tenant.ID, ClientID: store.TrafficPasswords}, err, aboutRequest(ctx).At)
	return issued, err
}

func (s *Server) issueForPassword(ctx context.Context, tenant policy.Tenant, login passwordLogin, form url.Values) (issuedToken, error) {
	subject, err := s.checkPassword(ctx, tenant, login)
	if err != nil {
		return issuedToken{}, err
	}
	scopes, err := s.authorizeScopes(subject, s.catalogue, form.Get("scope"))
	if err != nil {
		return issuedToken{}, err
	}
	audience, algorithm, err := s.chooseAudience(form["resource"])
	if err != nil {
		return issuedToken{}, err
	}
	issuedAt := aboutRequest(ctx).At.Truncate(time.Second)
	g := grant{algorithm: algorithm, claims: tokens.Claims{
		// There is no client: the user stands for it, which is how a token from a password is known (R27).
		Issuer: s.issuer, Subject: subject.User.ID, ClientID: subject.User.ID, Audience: audience,
		IssuedAt: issuedAt, NotBefore: issuedAt, ExpiresAt: issuedAt.Add(s.lifetime),
		Scope: strings.Join(scopes, " "), TenantID: subject.Tenant.ID, AccountID: subject.Account.ID, UserID: subject.User.ID,
	}}
	text, err := s.generator.generate(ctx, g)
	if err != nil {
		return issuedToken{}, err
	}
	s.logins.record(subject.Tenant.ID, subject.User.ID, aboutRequest(ctx).Address, aboutRequest(ctx).At)
	s.metrics.issued(grantPassword)
	return issuedToken{g, text}, nil
}

// fromPassword says whether the claims are of a token that a password made.
func fromPassword(claims tokens.Claims) bool { return claims.Subject == claims.UserID }

// checkPassword finds the member and checks the password. A wrong password, an unknown user, a user without a password, a disabled one and a
// non-member take like time and give the same error (R22). Each try is counted before anything is hashed, and a right
// one is given back, so that tries made at once count like tries made in turn (R23).
func (s *Server) checkPassword(ctx context.Context, tenant policy.Tenant, login passwordLogin) (policy.Subject, error) {
	wrong := refuse(errInvalidGrant, "The user name or the password is wrong.")
	id, user, err := s.findUser(ctx, tenant, login.username)
	if err != nil {
		return policy.Subject{}, err
	}
	subject, err := s.findMember(ctx, tenant, id)
	if err != nil {
		return policy.Subject{}, err
	}
	visitor := limits.Visitor{Address: aboutRequest(ctx).Address, At: aboutRequest(ctx).At}
	reserved, err := s.limits.Reserve(ctx, limits.Password([]limits.User{user}, visitor))
	if tooMany, ok := errors.AsType[*limits.TooManyError](err); ok {
		return policy.Subject{}, &slowedError{tooMany, wrong}
	}
	if err != nil {
		return policy.Subject{}, err
	}
	right, err := s.hasher.Verify(ctx, subject.User.PasswordHash, login.password)
	right = right && subject.Authority() != policy.AuthorityNone
	if right || errors.Is(err, passwords.ErrBusy) {
		reserved.Refund(ctx)
	}
	if err != nil {
		return policy.Subject{}, fmt.Errorf("check password: %w", err)
	}
	if !right {
		return policy.Subject{}, wrong
	}
	if err := s.limits.Remember(ctx, user, visitor, ""); err != nil {
		s.log.WarnContext(ctx, "remembering an address failed", slog.Any("error", err))
	}
	return subject, nil
}

// findUser returns the ID that an e-mail address or user ID stands for, empty for none, and whose budget a wrong password is counted in.
func (s *Server) findUser(ctx context.Context, tenant policy.Tenant, username string) (string, limits.User, error) {
	if policy.CheckID(username) == nil {
		return username, limits.KnownUser(tenant.AccountID, username), nil
	}
	unknown := limits.UnknownUser(tenant.AccountID, username)
	if !strings.Contains(username, "@") {
		return "", unknown, nil
	}
	user, err := s.store.UserByEmail(ctx, tenant.AccountID, username)
	if errors.Is(err, store.ErrNotFound) {
		return "", unknown, nil
	}
	return user.ID, limits.KnownUser(tenant.AccountID, user.ID), err
}

// findMember returns the member of the tenant with the user ID, or the zero Subject, which has no password.
func (s *Server) findMember(ctx context.Context, tenant policy.Tenant, id string) (policy.Subject, error) {
	if id == "" {
		return policy.Subject{}, nil
	}
	subject, err := s.store.Subject(ctx, tenant.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return policy.Subject{}, nil
	}
	return subject, err
}

// announceDeprecation tells a program that its way in will close (RFC 9745, RFC 8594), and where the new one is.
func (s *Server) announceDeprecation(h http.Header) {
	h.Set("Deprecation", fmt.Sprintf("@%d", passwordDeprecatedAt.Unix()))
	h.Add("Link", fmt.Sprintf(`<%s/console>; rel="deprecation"; type="text/html"; title="Use an access key instead of a password"`, s.issuer))
	if !s.sunset.IsZero() {
		h.Set("Sunset", s.sunset.UTC().Format(http.TimeFormat))
	}
}
