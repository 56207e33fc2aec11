package callers

import (
	"net/http"
	"regexp"

	"mintkey/server/web"
)

var (
	// One space and one token68 (RFC 6750 section 2.1, RFC 9110 section 11.2). The scheme's case does not matter.
	bearerPattern = regexp.MustCompile(`^(?i:bearer) ([A-Za-z0-9._~+/-]+=*)$`)
	token68       = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)
)

// Bearer takes the token from the one Authorization header. A token in the query or the body is ignored.
func Bearer(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return "", web.ErrUnauthorized
	case len(headers) > 1:
		return "", web.Refuse(web.ErrInvalidRequest, "There is more than one Authorization header.")
	}
	match := bearerPattern.FindStringSubmatch(headers[0])
	if match == nil {
		return "", web.ErrInvalidToken
	}
	return match[1], nil
}

// Cookie takes the token from the one cookie of the name, for clients that send it so and no Authorization.
func Cookie(r *http.Request, name string) (string, error) {
	cookies := r.CookiesNamed(name)
	switch {
	case len(cookies) == 0:
		return "", web.ErrUnauthorized
	case len(cookies) > 1 || !token68.MatchString(cookies[0].Value):
		return "", web.ErrInvalidToken
	}
	return cookies[0].Value, nil
}
