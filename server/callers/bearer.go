package callers

import (
	"net/http"
	"regexp"

	"mintkey/server/web"
)

// One space and one token68 (RFC 6750 section 2.1, RFC 9110 section 11.2). The scheme's case does not matter.
var bearerPattern = regexp.MustCompile(`^(?i:bearer) ([A-Za-z0-9._~+/-]+=*)$`)

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
