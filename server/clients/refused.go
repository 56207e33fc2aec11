package clients

import (
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

// RefusedError is the refusal of a client.
type RefusedError struct {
	Reason store.Outcome // for the audit trail and the traffic statistics
	As     error         // the error that it is rendered as
}

// Error is for the log; clients get the rendering of As.
func (e *RefusedError) Error() string { return e.As.Error() }
func (e *RefusedError) Unwrap() error { return e.As }

// Stopped is the refusal of a client whose owner can do nothing: the tenant is suspended, or the owner is disabled or has left (R8).
func Stopped(owner policy.Subject) *RefusedError {
	if err := owner.Stopped(); errors.Is(err, policy.ErrTenantSuspended) {
		return &RefusedError{store.RefusedTenantSuspended, err}
	}
	return &RefusedError{store.RefusedUserDisabled, policy.ErrUserDisabled}
}

// refusedBy adds the reason why a secret was refused. An error that is not about the client is returned unchanged.
func refusedBy(err error) error {
	switch {
	case errors.Is(err, policy.ErrWrongSecret):
		return &RefusedError{store.RefusedWrongSecret, err}
	case errors.Is(err, policy.ErrKeyExpired):
		return &RefusedError{store.RefusedExpired, err}
	case errors.Is(err, policy.ErrKeySuspended):
		return &RefusedError{store.RefusedSuspended, err}
	default:
		return err
	}
}
