package clients

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"mintkey/policy"
	"mintkey/server/web"
)

// Credentials are what a client presented to authenticate: an access key.
type Credentials struct {
	ClientID string
	Secret   policy.ClientSecret
}

// ParseCredentials takes the client's credentials from the Authorization header or the body, and refuses a request that has both
// (RFC 6749 section 2.3).
func ParseCredentials(r *http.Request, form web.Form) (Credentials, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) > 1:
		return Credentials{}, web.Refuse(web.ErrInvalidRequest, "There is more than one Authorization header.")
	case len(headers) == 1 && form.Get("client_secret") != "" && !noAuthentication(headers[0]):
		return Credentials{}, web.Refuse(web.ErrInvalidRequest, "Authenticate in the Authorization header or in the body, not in both.")
	case len(headers) == 1 && form.Get("client_secret") == "":
		credentials, err := parseBasic(headers[0])
		if err != nil {
			return Credentials{}, err
		}
		if named := form.Get("client_id"); named != "" && named != credentials.ClientID {
			return Credentials{}, web.Refuse(web.ErrInvalidRequest, "The body names another client_id than the Authorization header.")
		}
		return credentials, nil
	}
	credentials := Credentials{form.Get("client_id"), policy.ClientSecretFromRequest(form.Get("client_secret"))}
	if credentials.ClientID == "" || form.Get("client_secret") == "" {
		return Credentials{}, web.ErrInvalidClient
	}
	return credentials, nil
}

// noAuthentication reports whether an Authorization header is no client's: an empty one, or a Bearer token, which programs send out of
// habit and which is no way for a client to authenticate (RFC 6749 section 2.3). Beside credentials in the body it does not count.
func noAuthentication(header string) bool {
	scheme, _, _ := strings.Cut(header, " ")
	return scheme == "" || strings.EqualFold(scheme, "Bearer")
}

// parseBasic reads HTTP Basic with both parts form-encoded (RFC 6749 section 2.3.1). Clients that skip the encoding work too, because
// client IDs and secrets have no character that decoding would change.
func parseBasic(header string) (Credentials, error) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return Credentials{}, web.ErrInvalidClient
	}
	var space [2 * policy.MaxClientIDLength]byte // on the stack, for any that is ours
	decoded, err := base64.StdEncoding.AppendDecode(space[:0], []byte(encoded))
	if err != nil {
		return Credentials{}, web.ErrInvalidClient
	}
	id, secret, found := strings.Cut(string(decoded), ":")
	if !found {
		return Credentials{}, web.ErrInvalidClient
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil || id == "" || !utf8.ValidString(id) {
		return Credentials{}, web.ErrInvalidClient
	}
	return Credentials{id, policy.ClientSecretFromRequest(secret)}, nil
}
