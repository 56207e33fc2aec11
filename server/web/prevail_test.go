package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// A token that is not good is 401 on every face, whichever other error of the table says why, and in whichever order they were wrapped.
func TestInvalidTokenPrevails(t *testing.T) {
	render := web.NewRenderer("https://mintkey.example", slog.New(slog.NewJSONHandler(&bytes.Buffer{}, nil)))
	expired := fmt.Errorf("%w: %w", tokens.ErrInvalidToken, tokens.ErrTokenExpired)
	for _, token := range []error{web.ErrInvalidToken, tokens.ErrInvalidToken, expired} {
		for _, reason := range []error{
			web.ErrInvalidRequest, web.ErrUnauthorizedClient, web.ErrInvalidGrant, web.ErrInvalidClient, web.ErrForeignToken, web.ErrScopeNotGranted,
			web.ErrUnauthorized, web.ErrInvalidRequirement, policy.ErrWrongSecret, policy.ErrKeyNotFound, policy.ErrKeyExpired,
			policy.ErrUserDisabled, policy.ErrNotMember, policy.ErrInvalidScope, policy.ErrInvalidTarget,
			admin.ErrInsufficientScope, store.ErrNotFound, store.ErrConflict,
			errors.New("not in the table"),
		} {
			for _, err := range []error{fmt.Errorf("%w: %w", token, reason), fmt.Errorf("%w: %w", reason, token)} {
				if code := render.Code(err); code != "invalid_token" {
					t.Errorf("%v: the code is %s", err, code)
				}
				for _, write := range []func(*httptest.ResponseRecorder){
					func(w *httptest.ResponseRecorder) {
						render.OAuth(w, httptest.NewRequest(http.MethodGet, "/", nil), err)
					},
					func(w *httptest.ResponseRecorder) {
						render.Problem(w, httptest.NewRequest(http.MethodGet, "/", nil), err)
					},
				} {
					w := httptest.NewRecorder()
					if write(w); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
						t.Errorf("%v: answered %d with the challenge %q", err, w.Code, w.Header().Get("WWW-Authenticate"))
					}
				}
			}
		}
	}
}
