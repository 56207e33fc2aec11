package server

import (
	"context"
	"errors"

	"mintkey/server/limits"
)

// slowedError is a refusal that is answered 429, because there were too many.
type slowedError struct {
	*limits.TooManyError

	because error // what it would have been refused for otherwise
}

func (e *slowedError) Unwrap() error { return e.TooManyError }

func (*slowedError) Is(target error) bool { return target == errTooManyRequests }

// slow counts a refusal that has been decided, and returns it or, when there were too many, a slowedError.
func (s *Server) slow(ctx context.Context, refusal error, takes []limits.Take) error {
	_, err := s.limits.Reserve(ctx, takes)
	if tooMany, ok := errors.AsType[*limits.TooManyError](err); ok {
		return &slowedError{tooMany, refusal}
	}
	return refusal
}
