package server

import (
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"mintkey/policy"
)

const maxFormBytes = 64 << 10

// parseForm reads the body of a request to an OAuth endpoint. It takes nothing from the query, refuses a body that is not wholly
// well-formed (ParseForm alone leaves a partial form), and a parameter that comes twice (RFC 6749 section 3.2). Only
// "resource" may be repeated (RFC 8707 section 2).
func parseForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, refuse(errUnsupportedMediaType, "The body must be application/x-www-form-urlencoded.")
	}
	for _, name := range []string{"client_secret", "password"} {
		if strings.Contains(r.URL.RawQuery, name+"=") {
			return nil, refuse(errInvalidRequest, "%s must never be in the URL, which proxies log: send it in the body.", name)
		}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, refuse(errPayloadTooLarge, "The body may have at most %d bytes.", maxFormBytes)
		}
		return nil, refuse(errInvalidRequest, "The body is not well-formed application/x-www-form-urlencoded text.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 && name != "resource" {
			return nil, refuse(errInvalidRequest, "The parameter %.40q comes more than once.", name)
		}
		for _, value := range append(values, name) {
			if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
				return nil, refuse(errInvalidRequest, "Parameters must be UTF-8 text without NUL.")
			}
		}
	}
	return r.PostForm, nil
}

// clientCredentials is what a client presented to prove who it is.
type clientCredentials struct {
	clientID string
	secret   policy.ClientSecret
}

// parseClientCredentials takes the client's credentials from the Authorization header or the body, and refuses both at
// once (RFC 6749 section 2.3).
func parseClientCredentials(r *http.Request, form url.Values) (clientCredentials, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) > 1:
		return clientCredentials{}, refuse(errInvalidRequest, "There is more than one Authorization header.")
	case len(headers) == 1 && form.Get("client_secret") != "":
		return clientCredentials{}, refuse(errInvalidRequest, "Authenticate in the Authorization header or in the body, not in both.")
	case len(headers) == 1:
		credentials, err := parseBasic(headers[0])
		if err != nil {
			return clientCredentials{}, err
		}
		if named := form.Get("client_id"); named != "" && named != credentials.clientID {
			return clientCredentials{}, refuse(errInvalidRequest, "The body names another client_id than the Authorization header.")
		}
		return credentials, nil
	}
	credentials := clientCredentials{form.Get("client_id"), policy.ClientSecretFromRequest(form.Get("client_secret"))}
	if credentials.clientID == "" || form.Get("client_secret") == "" {
		return clientCredentials{}, errInvalidClient
	}
	return credentials, nil
}

// parseBasic reads HTTP Basic with both parts form-encoded (RFC 6749 section 2.3.1). Clients that skip the encoding are
// understood too, because client IDs and secrets have no character that it would change back.
func parseBasic(header string) (clientCredentials, error) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return clientCredentials{}, errInvalidClient
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return clientCredentials{}, errInvalidClient
	}
	id, secret, found := strings.Cut(string(decoded), ":")
	if !found {
		return clientCredentials{}, errInvalidClient
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil || id == "" || !utf8.ValidString(id) {
		return clientCredentials{}, errInvalidClient
	}
	return clientCredentials{id, policy.ClientSecretFromRequest(secret)}, nil
}
