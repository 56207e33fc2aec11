package oauth

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mintkey/server/callers"
	"mintkey/server/web"
)

// ForwardAuth decides for a reverse proxy whether a request may pass (nginx auth_request, Traefik ForwardAuth, Caddy
// forward_auth): 204 with the caller's IDs in headers, else 401 or 403 with the challenge of RFC 6750. The query may require more:
// ?audience=, ?tenant=, ?scope=; and ?cookie= says where else the token may be.
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

// validateForwarded validates the token of a forwarded request. Whether the requirements themselves are in order matters only once the
// token is good, so that a client whose token is dead is always told to fetch another. Only where a gateway does not say clearly which
// cookie has the token, and there is no Authorization, is that the answer.
func (e *Endpoints) validateForwarded(r *web.Request) (callers.ValidToken, error) {
	var cookie string
	query, misread := url.ParseQuery(r.URL.RawQuery)
	if misread != nil {
		misread = refuseRequirement("the query cannot be read.")
	} else {
		cookie, misread = cookieOf(query)
	}
	text, err := forwardedToken(r, cookie)
	if misread == nil && errors.Is(err, web.ErrUnauthorized) {
		misread = misspeltCookie(r, query)
	}
	switch {
	case misread != nil && errors.Is(err, web.ErrUnauthorized):
		return callers.ValidToken{}, misread
	case err != nil:
		return callers.ValidToken{}, err
	}
	required, audiences := requirement{}, e.Callers.Audiences.All()
	if misread == nil {
		required, misread = e.requirementOf(query)
	}
	if misread == nil {
		audiences = required.audiences
	}
	live, err := e.Callers.Validate(r.Context(), text, audiences, r.At)
	if err == nil {
		r.Tenant, r.User, r.Client = live.Claims.TenantID, live.Claims.UserID, live.Claims.ClientID
		err = live.CheckAddress(r.Address)
	}
	return live, cmp.Or(err, misread, required.meets(live))
}

// forwardedToken takes the token from the Authorization header or, where there is none, from the cookie that the gateway names, if any. Of
// what is malformed it says that the token is not valid: nginx understands 401 and 403, and nothing else.
func forwardedToken(r *web.Request, cookie string) (string, error) {
	text, err := callers.Bearer(r.Request)
	switch {
	case errors.Is(err, web.ErrUnauthorized) && cookie != "":
		return callers.Cookie(r.Request, cookie)
	case errors.Is(err, web.ErrInvalidRequest):
		return "", web.ErrInvalidToken
	}
	return text, err
}
