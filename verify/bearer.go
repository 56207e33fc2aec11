package verify

import (
	"net/http"
	"strings"
)

// bearerToken takes the token from the one Authorization header: the scheme in any case, one space, and all the rest (RFC 6750 section
// 2.1), so that a second space, a comma or padding makes it none that Verify accepts. A token in the query or in the body is not looked
// at, because those are logged.
func bearerToken(header http.Header) (string, error) {
	values := header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", errNoToken
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
