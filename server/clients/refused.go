package clients

import (
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

// RefusedError is the refusal of a client.
type RefusedError struct {
	Reason store.Outcome // for the audit trail and the traffic
	As     error         // what it is rendered as
}

// Error is for the log: callers see what As is rendered as.
func (e *RefusedError) Error() string { return e.As.Error() }
func (e *RefusedError) Unwrap() error { return e.As }

// refusedBy tells apart why a secret was refused. An error that does not speak of the client stays as it is.
func refusedBy(err error) error {
	switch {
	case errors.Is(err, policy.ErrWrongSecret):
		return &RefusedError{store.RefusedWrongSecret, err}
	case errors.Is(err, policy.ErrKeyExpired):
		return &RefusedError{store.RefusedExpired, err}
	default:
		return err
	}
}
