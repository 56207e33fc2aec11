package verify

import (
	"net/http"
	"strings"
)

// bearerToken takes the token from the one Authorization header: the scheme in any case, one space, and all the rest (RFC 6750 section
// 2.1), so that a second space, a comma or padding makes it none that Verify accepts. A token in the query or in the body is not looked
// at, because those are logged. Where there is no Authorization at all, and cookie is not empty, the one cookie of that name has it.
func bearerToken(r *http.Request, cookie string) (string, error) {
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return cookieToken(r, cookie)
	case 1:
	default:
		return "", errSeveralHeaders
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	return token, nil
}

func cookieToken(r *http.Request, name string) (string, error) {
	if name == "" {
		return "", errNoToken
	}
	switch cookies := r.CookiesNamed(name); len(cookies) {
	case 0:
		return "", errNoToken
	case 1:
		return cookies[0].Value, nil
	default: // which one is meant?
		return "", ErrInvalidToken
	}
}
