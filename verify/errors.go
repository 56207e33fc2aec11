package verify

import (
	"errors"
	"fmt"
)

// Every error of Verify is ErrInvalidToken or ErrUnavailable, by errors.Is. Their texts are for logs: they never contain the token.
var (
	// ErrInvalidToken refuses a token for good. The client needs another one: 401.
	ErrInvalidToken = errors.New("the token is not valid here")
	// ErrExpired is an ErrInvalidToken that was good once.
	ErrExpired = fmt.Errorf("%w: it has expired", ErrInvalidToken)
	// ErrRevoked is an ErrInvalidToken that was good once.
	ErrRevoked = fmt.Errorf("%w: it was revoked", ErrInvalidToken)
	// ErrUnavailable says that the token cannot be judged now, because something is missing that the issuer has: 503. It may be good.
	ErrUnavailable = errors.New("the token cannot be judged now")
)

var errClosed = errors.New("the verifier is closed")

// The refusals that the middleware adds.
var (
	errNoToken           = errors.New("no Bearer token was sent")
	errSeveralHeaders    = errors.New("there is more than one Authorization header")
	errInsufficientScope = errors.New("the token lacks a scope")
	errOtherTenant       = errors.New("the token is for another tenant")
)
