package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

const maxJSONBytes = 1 << 20

// ReadJSON reads the body strictly: see decodeStrictly. Unknown members are refused, so that a misspelt one is never silently ignored.
func ReadJSON(w http.ResponseWriter, r *http.Request, body any) error {
	text, err := ReadJSONText(w, r)
	if err != nil {
		return err
	}
	return DecodeJSON(text, body)
}

// ReadJSONText reads a body that says it is JSON, for handlers that need its bytes, such as those that check a signature.
func ReadJSONText(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkJSONMediaType(r); err != nil {
		return nil, err
	}
	return readBody(w, r, maxJSONBytes)
}

// DecodeJSON is ReadJSON for a body that has been read.
func DecodeJSON(text []byte, body any) error { return decodeStrictly(text, body, false) }

// checkJSONMediaType accepts application/json and media types with the suffix +json (RFC 6839 section 3.1), in UTF-8 (RFC 8259 section
// 8.1): a filter that believed another charset would read another document.
func checkJSONMediaType(r *http.Request) error {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return Refuse(ErrUnsupportedMediaType, "The body must be application/json.")
	}
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return Refuse(ErrUnsupportedMediaType, "The body must be in UTF-8.")
	}
	return nil
}

// ReadOptionalJSON is ReadJSON where a missing body means the defaults.
func ReadOptionalJSON(w http.ResponseWriter, r *http.Request, body any) error {
	text, err := readBody(w, r, maxJSONBytes)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return err
	}
	if err := checkJSONMediaType(r); err != nil {
		return err
	}
	return decodeStrictly(text, body, false)
}

// NoBody refuses a body where none is read, so that what somebody asks for there is not silently ignored. {} asks for nothing.
func NoBody(r *http.Request) error {
	const most = 64 // enough for {} among blanks
	text, err := io.ReadAll(io.LimitReader(r.Body, most))
	switch said := bytes.TrimSpace(text); {
	case err != nil:
		return Refuse(ErrInvalidRequest, "The body could not be read.")
	case len(text) == most, len(said) > 0 && string(said) != "{}":
		return Refuse(ErrInvalidRequest, "This operation takes no body: leave it out.")
	}
	return nil
}

// ReadForeignJSON is ReadJSON for clients that were written for another server: it accepts any media type and unknown members. A body that
// is too long is an ErrInvalidRequest, like every other malformed body of these clients.
func ReadForeignJSON(w http.ResponseWriter, r *http.Request, body any) error {
	text, err := readBody(w, r, MaxFormBytes)
	if errors.Is(err, ErrPayloadTooLarge) {
		return Refuse(ErrInvalidRequest, "%s", err)
	}
	if err != nil {
		return err
	}
	return decodeStrictly(text, body, true)
}

func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, Refuse(ErrPayloadTooLarge, "The body may have at most %d bytes.", most)
	}
	if err != nil {
		return nil, Refuse(ErrInvalidRequest, "The body could not be read.")
	}
	return text, nil
}
