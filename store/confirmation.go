package store

import (
	"context"
	"fmt"
	"sync/atomic"
)

// ErrUnconfirmed means that a change is made, but that no replica of the store has it yet: if the primary fails now, it can be lost.
// It is an ErrUnavailable too.
var ErrUnconfirmed = fmt.Errorf("%w: unconfirmed: the change is made, but no replica has it yet", ErrUnavailable)

// Replication says whether replicas have what was changed. A store without replicas, or with none for an hour, has nothing to confirm.
type Replication interface {
	// Confirm returns nil once a replica has everything that was changed in the tenant, and all revocations. It is ErrUnconfirmed
	// if none has. An empty tenant ID stands for the revocations alone.
	Confirm(ctx context.Context, tenantID string) error
	// ForgetReplicas makes a store whose replicas are gone for good one without replicas, before the hour is over.
	ForgetReplicas(ctx context.Context) error
}

// confirmation is whether one of the changes of an operation was left unconfirmed.
type confirmation struct{ missing atomic.Bool }

type confirmationKey struct{}

// ConfirmOnce runs an operation that makes several changes. One that no replica has confirmed does not keep the others from being made:
// nothing but the end of the operation waits or fails for want of a replica. The result is then ErrUnconfirmed, unless the operation failed
// otherwise. Inside another ConfirmOnce the outer one says so.
func ConfirmOnce(ctx context.Context, operation func(context.Context) error) error {
	if confirmationOf(ctx) != nil {
		return operation(ctx)
	}
	whole := &confirmation{}
	err := operation(context.WithValue(ctx, confirmationKey{}, whole))
	if err == nil && whole.missing.Load() {
		err = ErrUnconfirmed
	}
	return err
}

// WithoutConfirmation returns a context in which changes are not confirmed: for what may be lost.
func WithoutConfirmation(ctx context.Context) context.Context {
	lost := &confirmation{}
	lost.missing.Store(true)
	return context.WithValue(ctx, confirmationKey{}, lost)
}

func confirmationOf(ctx context.Context) *confirmation {
	whole, _ := ctx.Value(confirmationKey{}).(*confirmation)
	return whole
}

// LeaveUnconfirmed notes that a change of the operation is unconfirmed. It returns false outside of ConfirmOnce. For stores.
func LeaveUnconfirmed(ctx context.Context) bool {
	whole := confirmationOf(ctx)
	if whole != nil {
		whole.missing.Store(true)
	}
	return whole != nil
}

// LeftUnconfirmed says whether LeaveUnconfirmed was called in the operation: its other changes need not wait for a replica. For stores.
func LeftUnconfirmed(ctx context.Context) bool {
	whole := confirmationOf(ctx)
	return whole != nil && whole.missing.Load()
}
