package openapitest

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// formats returns validators for the formats that kin-openapi checks too loosely or not at all.
func formats() []openapi3.SchemaValidationOption {
	check := func(name string, valid func(string) error) openapi3.SchemaValidationOption {
		return openapi3.WithStringFormatValidator(name, openapi3.NewCallbackValidator(valid))
	}
	return []openapi3.SchemaValidationOption{
		check("date-time", checkTime),
		check("email", checkEmail),
		check("uri", checkURI),
	}
}

// checkTime requires RFC 3339 in UTC. The zero time is refused: it should have been null.
func checkTime(text string) error {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("not RFC 3339: %w", err)
	}
	if !strings.HasSuffix(text, "Z") || at.IsZero() {
		return errors.New("not a time in UTC, or the zero time")
	}
	return nil
}

// checkEmail requires one bare address.
func checkEmail(text string) error {
	address, err := mail.ParseAddress(text)
	if err != nil {
		return err
	}
	if address.Address != text {
		return errors.New("not a bare address")
	}
	return nil
}

// checkURI requires an absolute URI.
func checkURI(text string) error {
	uri, err := url.Parse(text)
	if err != nil {
		return err
	}
	if !uri.IsAbs() {
		return errors.New("not an absolute URI")
	}
	return nil
}
