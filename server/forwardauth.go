package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"mintkey/admin"
)

// forwardAuth decides for a reverse proxy whether a request may pass (nginx auth_request, Traefik ForwardAuth, Caddy forward_auth): 204 with who
// asks, else 401 or 403 with the challenge of RFC 6750. With ?scope= it requires those scopes, all of them.
func (s *Server) forwardAuth(w http.ResponseWriter, r *http.Request) {
	live, err := s.judgeForwarded(r)
	if err != nil {
		s.writeOAuthError(w, r, err)
		return
	}
	h := w.Header()
	setNoStore(h)
	h.Set("X-Mintkey-Client-Id", live.claims.ClientID)
	h.Set("X-Mintkey-Tenant-Id", live.claims.TenantID)
	h.Set("X-Mintkey-User-Id", live.claims.UserID)
	h.Set("X-Mintkey-Scope", strings.Join(live.scopes, " "))
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) judgeForwarded(r *http.Request) (liveToken, error) {
	text, err := bearerToken(r)
	if errors.Is(err, errInvalidRequest) {
		err = errInvalidToken // nginx understands 401 and 403, and nothing else
	}
	if err != nil {
		return liveToken{}, err
	}
	live, err := s.judgeToken(r.Context(), text, aboutRequest(r.Context()).At)
	if err != nil {
		return liveToken{}, err
	}
	for _, given := range r.URL.Query()["scope"] {
		for scope := range strings.FieldsSeq(given) {
			if err := requireScope(live.scopes, scope); err != nil {
				return liveToken{}, err
			}
		}
	}
	return live, nil
}

func requireScope(scopes []string, scope string) error {
	if !slices.Contains(scopes, scope) {
		return &admin.ScopeError{AnyOf: scope}
	}
	return nil
}
