package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/server/callers"
	"mintkey/server/web"
)

// ForwardAuth decides for a reverse proxy whether a request may pass (nginx auth_request, Traefik ForwardAuth, Caddy
// forward_auth): 204 with the caller's IDs in headers, else 401 or 403 with the challenge of RFC 6750. The query may require more:
// ?audience=, ?tenant=, ?scope=.
func (e *Endpoints) ForwardAuth(w http.ResponseWriter, r *web.Request) error {
	live, err := e.validateForwarded(r)
	if err != nil {
		return err
	}
	h := w.Header()
	web.SetNoStore(h)
	h.Set("X-Mintkey-Client-Id", live.Claims.ClientID)
	h.Set("X-Mintkey-Tenant-Id", live.Claims.TenantID)
	h.Set("X-Mintkey-User-Id", live.Claims.UserID)
	h.Set("X-Mintkey-Scope", strings.Join(live.Scopes, " "))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (e *Endpoints) validateForwarded(r *web.Request) (callers.ValidToken, error) {
	text, err := callers.Bearer(r.Request)
	if errors.Is(err, web.ErrInvalidRequest) {
		err = web.ErrInvalidToken // nginx understands only 401 and 403
	}
	if err != nil {
		return callers.ValidToken{}, err
	}
	live, err := e.Callers.Validate(r.Context(), text, r.At)
	if err != nil {
		return callers.ValidToken{}, err
	}
	required, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return callers.ValidToken{}, web.Refuse(web.ErrInvalidRequest, "The query cannot be read.")
	}
	return live, meets(live, required)
}

// meets checks the token against what a gateway requires: one of the audiences, one of the tenants, and all of the scopes.
func meets(t callers.ValidToken, required url.Values) error {
	forUs := func(audience string) bool { return slices.Contains(t.Claims.Audience, audience) }
	if wanted := required["audience"]; len(wanted) > 0 && !slices.ContainsFunc(wanted, forUs) {
		return fmt.Errorf("%w: for another audience", web.ErrInvalidToken)
	}
	if wanted := required["tenant"]; len(wanted) > 0 && !slices.Contains(wanted, t.Claims.TenantID) {
		return web.Refuse(admin.ErrInsufficientScope, "The token is for another tenant.")
	}
	for _, given := range required["scope"] {
		for scope := range strings.FieldsSeq(given) {
			if err := callers.RequireScope(t.Scopes, scope); err != nil {
				return err
			}
		}
	}
	return nil
}
