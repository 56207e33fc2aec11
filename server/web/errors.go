package web

import (
	"errors"
	"fmt"
	"time"
)

// The errors that HTTP adds to those of policy, store, tokens and admin.
var (
	ErrInvalidRequest       = errors.New("invalid request")
	ErrMethodNotAllowed     = errors.New("method not allowed")
	ErrNoSuchPath           = errors.New("there is nothing at this path")
	ErrNotImplemented       = errors.New("not implemented")
	ErrPayloadTooLarge      = errors.New("the request body is too large")
	ErrUnsupportedMediaType = errors.New("unsupported media type")
	ErrInvalidClient        = errors.New("client authentication failed")
	ErrUnauthorizedClient   = errors.New("not allowed to use this grant")
	ErrInvalidGrant         = errors.New("invalid grant")
	ErrForeignToken         = errors.New("the token was issued to another client")
	ErrTooManyRequests      = errors.New("too many failed attempts")
	ErrQuotaExceeded        = errors.New("a quota of tokens is used up")
	ErrOverloaded           = errors.New("too many requests are waiting")
	ErrUnsupportedGrantType = errors.New("unsupported grant type")
	ErrScopeNotGranted      = errors.New("the access key does not grant this scope")
	ErrInvalidRequirement   = errors.New("a requirement of the gateway is not understood")
	ErrNoMail               = errors.New("the server sends no links to choose a password")
	ErrUnauthorized         = errors.New("a Bearer token of this server is needed")
	ErrInvalidToken         = errors.New("the token is not valid here: it is malformed, expired or revoked")
)

// refusal gives an error of the table a text for the caller in place of its own.
type refusal struct {
	kind   error
	detail string
}

func (r *refusal) Error() string { return r.detail }
func (r *refusal) Unwrap() error { return r.kind }

// Refuse returns an error of the given kind whose text is shown to the caller.
func Refuse(kind error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

// AsClient marks the refusal of a request whose client has authenticated by its credentials, so that no challenge asks for a token.
func AsClient(err error) error {
	if err == nil {
		return nil
	}
	return &clientError{err}
}

type clientError struct{ error }

func (c *clientError) Unwrap() error { return c.error }

// retryLater is an error that knows when another attempt makes sense. Its wait becomes the header Retry-After.
type retryLater interface {
	error
	RetryAfter() time.Duration
}
