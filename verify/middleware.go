package verify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Require lets only requests pass whose Bearer token is good and grants all of the scopes; with none, any good token will do.
// The handler finds the claims with [FromContext]. Every other request is answered as RFC 6750 section 3 says:
// 401 without a good token, also when it has expired or was revoked, 403 if only a scope is missing, and 503 if it cannot be judged now.
// Require panics on what can't be a scope.
func (v *Verifier) Require(scopes ...string) func(http.Handler) http.Handler {
	return v.middleware(scopes, func(*http.Request, Claims) error { return nil })
}

// RequireTenant is Require for a resource of one tenant: of tells which, from the request. A token for another tenant is
// answered with 403, whatever scopes it has.
func (v *Verifier) RequireTenant(of func(*http.Request) string, scopes ...string) func(http.Handler) http.Handler {
	return v.middleware(scopes, func(r *http.Request, claims Claims) error {
		if tenant := of(r); tenant == "" || claims.TenantID != tenant {
			return errOtherTenant
		}
		return nil
	})
}

func (v *Verifier) middleware(scopes []string, allow func(*http.Request, Claims) error) func(http.Handler) http.Handler {
	for _, scope := range scopes {
		if !isQuotable(scope) {
			panic(fmt.Sprintf("verify: %q is not a scope (RFC 6749 section 3.3)", scope))
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			claims, err := v.authorize(r, scopes, allow)
			if err != nil {
				v.refuse(w, scopes, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), claims)))
		})
	}
}

func (v *Verifier) authorize(r *http.Request, scopes []string, allow func(*http.Request, Claims) error) (Claims, error) {
	token, err := bearerToken(r, v.config.Cookie)
	if err != nil {
		return Claims{}, err
	}
	claims, err := v.Verify(r.Context(), token)
	if err != nil {
		return Claims{}, err
	}
	for _, scope := range scopes {
		if !claims.HasScope(scope) {
			return Claims{}, errInsufficientScope
		}
	}
	return claims, allow(r, claims)
}

// refuse writes the answer and the challenge that fit the error. Nothing of the error's own text is shown: it is for logs.
func (v *Verifier) refuse(w http.ResponseWriter, scopes []string, err error) {
	w.Header().Set("Cache-Control", "no-store")
	challenge, status := fmt.Sprintf(`Bearer realm="%s"`, v.config.Issuer), http.StatusUnauthorized
	if v.config.MetadataURL != "" {
		challenge += fmt.Sprintf(`, resource_metadata="%s"`, v.config.MetadataURL)
	}
	switch {
	case errors.Is(err, errNoToken): // and no error code: nothing was wrong yet
	case errors.Is(err, errSeveralHeaders):
		status = http.StatusBadRequest
		challenge += `, error="invalid_request", error_description="More than one Authorization header"`
	case errors.Is(err, errInsufficientScope):
		status = http.StatusForbidden
		challenge += fmt.Sprintf(`, error="insufficient_scope", scope="%s"`, strings.Join(scopes, " "))
	case errors.Is(err, errOtherTenant):
		status = http.StatusForbidden
		challenge += `, error="insufficient_scope", error_description="The token is for another tenant"`
	case errors.Is(err, ErrExpired):
		challenge += `, error="invalid_token", error_description="The token has expired"`
	case errors.Is(err, ErrRevoked):
		challenge += `, error="invalid_token", error_description="The token was revoked"`
	case errors.Is(err, ErrInvalidToken):
		challenge += `, error="invalid_token", error_description="The token is not valid here"`
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "The token cannot be judged now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("WWW-Authenticate", challenge)
	http.Error(w, http.StatusText(status), status)
}
