package clients

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/server/limits"
	"mintkey/server/web"
)

// slowedError is rendered as 429, with how long to wait.
type slowedError struct {
	tooMany *limits.TooManyError
	checked bool // whether the credentials were looked at, and refused
}

// Error says, where it is so, that the credentials were refused: a client whose key is dead must not take it for a passing fault (R23). It
// is the same for an unknown client, a wrong secret and a dead key, and says nothing that a 401 would not (R24).
func (e *slowedError) Error() string {
	if !e.checked {
		return e.tooMany.Error()
	}
	return fmt.Sprintf("Too many failed attempts with this client ID or from this address. These credentials were refused too, and trying "+
		"again does not make them valid: check client ID and secret, or ask whoever manages the access key. Right ones always work; "+
		"the next attempt with wrong ones is looked at in %s.", e.tooMany.Wait())
}

func (e *slowedError) Unwrap() error             { return e.tooMany }
func (*slowedError) Is(target error) bool        { return target == web.ErrTooManyRequests }
func (e *slowedError) RetryAfter() time.Duration { return e.tooMany.RetryAfter }

// Slow counts a refusal and returns it; after too many, it returns a refusal for the same reason that is rendered as 429.
func Slow(ctx context.Context, limiter *limits.Limiter, refused *RefusedError, takes []limits.Take) error {
	_, err := limiter.Reserve(ctx, takes)
	return slowed(refused, err, true)
}

// Slowed turns refused into a 429 for the same reason if err, from limits.Limiter.Reserve, is a TooManyError; otherwise it returns
// refused. It is for what is counted before it is checked.
func Slowed(refused *RefusedError, err error) error { return slowed(refused, err, false) }

func slowed(refused *RefusedError, err error, checked bool) error {
	if tooMany, ok := errors.AsType[*limits.TooManyError](err); ok {
		return &RefusedError{refused.Reason, &slowedError{tooMany, checked}}
	}
	return refused
}
