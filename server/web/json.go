package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"mintkey/policy"
)

const maxJSONBytes = 1 << 20

// ReadJSON reads the body. Unknown fields are refused, so that a misspelt setting is never silently ignored.
func ReadJSON(w http.ResponseWriter, r *http.Request, body any) error {
	if err := checkJSONMediaType(r); err != nil {
		return err
	}
	text, err := readBody(w, r)
	if err != nil {
		return err
	}
	return decodeStrictly(text, body)
}

// checkJSONMediaType accepts application/json and what is made from it (RFC 6839 section 3.1).
func checkJSONMediaType(r *http.Request) error {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return Refuse(ErrUnsupportedMediaType, "The body must be application/json.")
	}
	return nil
}

// ReadOptionalJSON is ReadJSON where a missing body means the defaults.
func ReadOptionalJSON(w http.ResponseWriter, r *http.Request, body any) error {
	text, err := readBody(w, r)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return err
	}
	if err := checkJSONMediaType(r); err != nil {
		return err
	}
	return decodeStrictly(text, body)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSONBytes))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, Refuse(ErrPayloadTooLarge, "The body may have at most %d bytes.", maxJSONBytes)
	}
	if err != nil {
		return nil, Refuse(ErrInvalidRequest, "The body could not be read.")
	}
	return text, nil
}

func decodeStrictly(text []byte, body any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(body)
	if err == nil && decoder.Decode(&struct{}{}) != io.EOF {
		return Refuse(ErrInvalidRequest, "The body must be one JSON object and nothing after it.")
	}
	switch wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); {
	case err == nil:
		return nil
	case ok && wrong.Field != "":
		return Refuse(ErrInvalidRequest, "The field %q must not be a JSON %s.", wrong.Field, wrong.Value)
	case ok:
		return Refuse(ErrInvalidRequest, "The body must be a JSON object.")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return Refuse(ErrInvalidRequest, "There is an unknown field: %s.", strings.TrimPrefix(err.Error(), "json: unknown field "))
	case errors.Is(err, policy.ErrInvalidRelease):
		return err
	default:
		return Refuse(ErrInvalidRequest, "The body is not well-formed JSON.")
	}
}
