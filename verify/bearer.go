package verify

import (
	"fmt"
	"net/http"
	"strings"
)

const token68 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

// bearerToken takes the token from the one Authorization header: the scheme in any case, one space, one token68 (RFC 6750
// section 2.1, RFC 9110 section 11.2). A token in the query or in the body is not looked at, because those are logged.
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
	if body := strings.TrimRight(token, "="); body == "" || strings.Trim(body, token68) != "" {
		return "", fmt.Errorf("%w: it is not well-formed", ErrInvalidToken)
	}
	return token, nil
}
