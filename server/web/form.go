package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"mintkey/policy"
)

// MaxFormBytes is the largest body of a request to an OAuth endpoint.
const MaxFormBytes = 64 << 10

const formType = "application/x-www-form-urlencoded"

// ParseForm reads the body of a request to an OAuth endpoint. It ignores the query. It refuses a body that is not well-formed throughout,
// where http.Request.ParseForm leaves a partial form, and a repeated parameter (RFC 6749 section 3.2). Only "resource" may be repeated
// (RFC 8707 section 2).
func ParseForm(w http.ResponseWriter, r *http.Request) (Form, error) {
	if !isForm(r.Header.Get("Content-Type")) {
		return nil, Refuse(ErrUnsupportedMediaType, "The body must be %s.", formType)
	}
	for _, name := range [...]string{"client_secret", "password"} {
		if r.URL.RawQuery != "" && strings.Contains(r.URL.RawQuery, name+"=") {
			return nil, Refuse(ErrInvalidRequest, "%s must never be in the URL, which proxies log: send it in the body.", name)
		}
	}
	body, err := readForm(w, r)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, Refuse(ErrPayloadTooLarge, "The body may have at most %d bytes.", MaxFormBytes)
	}
	if err != nil {
		return nil, Refuse(ErrInvalidRequest, "The body could not be read.")
	}
	form, err := parseParameters(string(body))
	if err != nil {
		return nil, Refuse(ErrInvalidRequest, "The body is not well-formed %s text.", formType)
	}
	if name, found := form.repeated("resource"); found {
		return nil, Refuse(ErrInvalidRequest, "The parameter %s comes more than once.", policy.Excerpt(name, 40))
	}
	for _, p := range form {
		if !isText(p.name) || !isText(p.value) {
			return nil, Refuse(ErrInvalidRequest, "Parameters must be UTF-8 text without NUL.")
		}
	}
	return form, nil
}

// isForm reports whether the media type is that of a form, whatever its parameters.
func isForm(contentType string) bool {
	if contentType == formType {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == formType
}

// readForm reads the body in one piece where its length is known.
func readForm(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > MaxFormBytes {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, MaxFormBytes))
	}
	if body, ok := r.Body.(*Body); ok && int64(len(body.ahead)) == r.ContentLength {
		return body.ahead, nil
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

func isText(parameter string) bool {
	return utf8.ValidString(parameter) && strings.IndexByte(parameter, 0) < 0
}
