package clients

import (
	"context"
	"errors"
	"time"

	"mintkey/server/limits"
	"mintkey/server/web"
)

// slowedError is rendered as 429, with how long to wait.
type slowedError struct{ tooMany *limits.TooManyError }

func (e *slowedError) Error() string             { return e.tooMany.Error() }
func (e *slowedError) Unwrap() error             { return e.tooMany }
func (*slowedError) Is(target error) bool        { return target == web.ErrTooManyRequests }
func (e *slowedError) RetryAfter() time.Duration { return e.tooMany.RetryAfter }

// Slow counts a refusal and returns it; after too many, it returns a refusal for the same reason that is rendered as 429.
func Slow(ctx context.Context, limiter *limits.Limiter, refused *RefusedError, takes []limits.Take) error {
	_, err := limiter.Reserve(ctx, takes)
	return Slowed(refused, err)
}

// Slowed turns refused into a 429 for the same reason if err, from limits.Limiter.Reserve, is a TooManyError; otherwise it returns
// refused.
func Slowed(refused *RefusedError, err error) error {
	if tooMany, ok := errors.AsType[*limits.TooManyError](err); ok {
		return &RefusedError{refused.Reason, &slowedError{tooMany}}
	}
	return refused
}
