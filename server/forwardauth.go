package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/server/web"
)

// forwardAuth decides for a reverse proxy whether a request may pass (nginx auth_request, Traefik ForwardAuth, Caddy forward_auth): 204 with who
// asks, else 401 or 403 with the challenge of RFC 6750. The query says
// what else it requires: ?audience=, ?tenant=, ?scope=.
func (s *Server) forwardAuth(w http.ResponseWriter, r *web.Request) error {
	live, err := s.judgeForwarded(r)
	if err != nil {
		return err
	}
	h := w.Header()
	web.SetNoStore(h)
	h.Set("X-Mintkey-Client-Id", live.claims.ClientID)
	h.Set("X-Mintkey-Tenant-Id", live.claims.TenantID)
	h.Set("X-Mintkey-User-Id", live.claims.UserID)
	h.Set("X-Mintkey-Scope", strings.Join(live.scopes, " "))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) judgeForwarded(r *web.Request) (liveToken, error) {
	text, err := bearerToken(r.Request)
	if errors.Is(err, web.ErrInvalidRequest) {
		err = web.ErrInvalidToken // nginx understands 401 and 403, and nothing else
	}
	if err != nil {
		return liveToken{}, err
	}
	live, err := s.judgeToken(r.Context(), text, r.At)
	if err != nil {
		return liveToken{}, err
	}
	required, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return liveToken{}, web.Refuse(web.ErrInvalidRequest, "The query cannot be read.")
	}
	return live, live.meets(required)
}

// meets holds the token to what a gateway requires of it: one of the audiences, one of the tenants, and all of the scopes.
func (t liveToken) meets(required url.Values) error {
	forUs := func(audience string) bool { return slices.Contains(t.claims.Audience, audience) }
	if wanted := required["audience"]; len(wanted) > 0 && !slices.ContainsFunc(wanted, forUs) {
		return fmt.Errorf("%w: for another audience", web.ErrInvalidToken)
	}
	if wanted := required["tenant"]; len(wanted) > 0 && !slices.Contains(wanted, t.claims.TenantID) {
		return web.Refuse(admin.ErrInsufficientScope, "The token is for another tenant.")
	}
	for _, given := range required["scope"] {
		for scope := range strings.FieldsSeq(given) {
			if err := requireScope(t.scopes, scope); err != nil {
				return err
			}
		}
	}
	return nil
}

func requireScope(scopes []string, scope string) error {
	if !slices.Contains(scopes, scope) {
		return &admin.ScopeError{AnyOf: scope}
	}
	return nil
}
