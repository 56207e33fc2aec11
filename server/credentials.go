package server

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"

	"mintkey/policy"
	"mintkey/server/web"
)

// clientCredentials is what a client presented to prove who it is.
type clientCredentials struct {
	clientID string
	secret   policy.ClientSecret
}

// parseClientCredentials takes the client's credentials from the Authorization header or the body, and refuses both at
// once (RFC 6749 section 2.3).
func parseClientCredentials(r *web.Request, form url.Values) (clientCredentials, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) > 1:
		return clientCredentials{}, web.Refuse(web.ErrInvalidRequest, "There is more than one Authorization header.")
	case len(headers) == 1 && form.Get("client_secret") != "":
		return clientCredentials{}, web.Refuse(web.ErrInvalidRequest, "Authenticate in the Authorization header or in the body, not in both.")
	case len(headers) == 1:
		credentials, err := parseBasic(headers[0])
		if err != nil {
			return clientCredentials{}, err
		}
		if named := form.Get("client_id"); named != "" && named != credentials.clientID {
			return clientCredentials{}, web.Refuse(web.ErrInvalidRequest, "The body names another client_id than the Authorization header.")
		}
		return credentials, nil
	}
	credentials := clientCredentials{form.Get("client_id"), policy.ClientSecretFromRequest(form.Get("client_secret"))}
	if credentials.clientID == "" || form.Get("client_secret") == "" {
		return clientCredentials{}, web.ErrInvalidClient
	}
	return credentials, nil
}

// parseBasic reads HTTP Basic with both parts form-encoded (RFC 6749 section 2.3.1). Clients that skip the encoding are
// understood too, because client IDs and secrets have no character that it would change back.
func parseBasic(header string) (clientCredentials, error) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return clientCredentials{}, web.ErrInvalidClient
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return clientCredentials{}, web.ErrInvalidClient
	}
	id, secret, found := strings.Cut(string(decoded), ":")
	if !found {
		return clientCredentials{}, web.ErrInvalidClient
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil || id == "" || !utf8.ValidString(id) {
		return clientCredentials{}, web.ErrInvalidClient
	}
	return clientCredentials{id, policy.ClientSecretFromRequest(secret)}, nil
}
