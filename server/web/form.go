package web

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"mintkey/policy"
)

// MaxFormBytes is the largest body of a request to an OAuth endpoint.
const MaxFormBytes = 64 << 10

// ParseForm reads the body of a request to an OAuth endpoint. It ignores the query. It refuses a body that is not well-formed throughout,
// where http.Request.ParseForm leaves a partial form, and a repeated parameter (RFC 6749 section 3.2). Only "resource" may be repeated
// (RFC 8707 section 2).
func ParseForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, Refuse(ErrUnsupportedMediaType, "The body must be application/x-www-form-urlencoded.")
	}
	for _, name := range []string{"client_secret", "password"} {
		if strings.Contains(r.URL.RawQuery, name+"=") {
			return nil, Refuse(ErrInvalidRequest, "%s must never be in the URL, which proxies log: send it in the body.", name)
		}
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxFormBytes)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, Refuse(ErrPayloadTooLarge, "The body may have at most %d bytes.", MaxFormBytes)
		}
		return nil, Refuse(ErrInvalidRequest, "The body is not well-formed application/x-www-form-urlencoded text.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 && name != "resource" {
			return nil, Refuse(ErrInvalidRequest, "The parameter %s comes more than once.", policy.Excerpt(name, 40))
		}
		for _, value := range append(values, name) {
			if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
				return nil, Refuse(ErrInvalidRequest, "Parameters must be UTF-8 text without NUL.")
			}
		}
	}
	return r.PostForm, nil
}
