package server

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
	"mintkey/server/web"
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
func (s *Server) passwordGrant(r *web.Request, login passwordLogin, form url.Values) (issuedToken, error) {
	tenant, err := s.store.Tenant(r.Context(), login.tenantID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return issuedToken{}, err
	}
	if !tenant.Release.AllowsPassword() {
		return issuedToken{}, web.Refuse(web.ErrUnauthorizedClient, "The tenant does not allow passwords: use an access key.")
	}
	issued, err := s.issueForPassword(r, tenant, login, form)
	s.traffic.record(store.TrafficSource{AccountID: tenant.AccountID, TenantID: tenant.ID, ClientID: store.TrafficPasswords}, err, r.At)
	return issued, err
}

func (s *Server) issueForPassword(r *web.Request, tenant policy.Tenant, login passwordLogin, form url.Values) (issuedToken, error) {
	subject, err := s.checkPassword(r, tenant, login)
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
	issuedAt := r.At.Truncate(time.Second)
	g := grant{algorithm: algorithm, claims: tokens.Claims{
		// There is no client: the user stands for it. Methods say that a password was given (R27).
		Issuer: s.issuer, Subject: subject.User.ID, ClientID: subject.User.ID, Audience: audience,
		IssuedAt: tokens.At(issuedAt), NotBefore: tokens.At(issuedAt), ExpiresAt: tokens.At(issuedAt.Add(s.lifetime)),
		Methods: []string{tokens.MethodPassword},
		Scope:   strings.Join(scopes, " "), TenantID: subject.Tenant.ID, AccountID: subject.Account.ID, UserID: subject.User.ID,
	}}
	text, err := s.generator.generate(r.Context(), g)
	if err != nil {
		return issuedToken{}, err
	}
	s.logins.record(subject.Tenant.ID, subject.User.ID, r.Address, r.At)
	s.metrics.issued(grantPassword)
	return issuedToken{g, text}, nil
}

// checkPassword finds the member and checks the password. A wrong password, an unknown user, a user without a password, a disabled one and a
// non-member take like time and give the same error (R22). Guessing is slowed by user and by address (R23).
func (s *Server) checkPassword(r *web.Request, tenant policy.Tenant, login passwordLogin) (policy.Subject, error) {
	budgets := s.guesses.passwordBudgets(tenant.ID, login.username, r.Address)
	wrong := web.Refuse(web.ErrInvalidGrant, "The user name or the password is wrong.")
	if tooMany := s.guesses.check(r.Context(), budgets); tooMany != nil {
		tooMany.because = wrong
		return policy.Subject{}, tooMany
	}
	subject, err := s.findMember(r.Context(), tenant, login.username)
	if err != nil {
		return policy.Subject{}, err
	}
	var right bool
	err = s.hashing.do(r.Context(), func() (err error) {
		right, err = passwords.Verify(subject.User.PasswordHash, login.password)
		return err
	})
	if err != nil {
		return policy.Subject{}, fmt.Errorf("check password: %w", err)
	}
	if !right || subject.Authority() == policy.AuthorityNone {
		if tooMany := s.guesses.spend(r.Context(), budgets); tooMany != nil {
			tooMany.because = wrong
			return policy.Subject{}, tooMany
		}
		return policy.Subject{}, wrong
	}
	return subject, nil
}

// findMember returns the member of the tenant with the e-mail address or user ID, or the zero Subject, which has no password.
func (s *Server) findMember(ctx context.Context, tenant policy.Tenant, username string) (policy.Subject, error) {
	id := username
	if strings.Contains(username, "@") {
		user, err := s.store.UserByEmail(ctx, tenant.AccountID, username)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return policy.Subject{}, err
		}
		id = user.ID
	}
	if isID := policy.CheckID(id) == nil; !isID {
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
