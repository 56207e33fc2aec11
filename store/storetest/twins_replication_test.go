package storetest_test

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

func replicationTwins() []twin {
	return []twin{
		{"without replicas all is confirmed", "waits for replicas that never were", func(s store.Store) store.Store { return neverConfirms{s} }},
		{"without replicas all is confirmed", "confirms only tenants that it knows", func(s store.Store) store.Store { return knowsTenants{s} }},
		{"without replicas all is confirmed", "forgets replicas once", func(s store.Store) store.Store { return &forgetsOnce{Store: s} }},
		{"confirming changes nothing", "leaves what it wrote to confirm", func(s store.Store) store.Store { return leavesFences{s} }},
		{"confirming changes nothing", "forgets more than replicas", func(s store.Store) store.Store { return forgetsTooMuch{s} }},
		{"a change is made without confirmation", "drops what is not confirmed", func(s store.Store) store.Store { return dropsUnconfirmed{s} }},
		{"cancelled confirmation", "confirms after all", func(s store.Store) store.Store { return deafConfirm{s} }},
	}
}

type neverConfirms struct{ store.Store }

func (neverConfirms) Confirm(context.Context, string) error { return store.ErrUnconfirmed }

type knowsTenants struct{ store.Store }

func (b knowsTenants) Confirm(ctx context.Context, tenantID string) error {
	_, err := b.Tenant(ctx, tenantID)
	return err
}

type forgetsOnce struct {
	store.Store
	forgotten bool
}

func (b *forgetsOnce) ForgetReplicas(ctx context.Context) error {
	if b.forgotten {
		return store.ErrNotFound
	}
	b.forgotten = true
	return b.Store.ForgetReplicas(ctx)
}

// leavesFences confirms by an event of the trail, and leaves it there.
type leavesFences struct{ store.Store }

func (b leavesFences) Confirm(ctx context.Context, tenantID string) error {
	fence := policy.Event{ID: "019b0000000000000000000000000000fe", AccountID: "acme", Action: policy.ActionKeyCreated}
	if err := b.RecordEvents(ctx, fence); err != nil {
		return err
	}
	return b.Store.Confirm(ctx, tenantID)
}

type forgetsTooMuch struct{ store.Store }

func (b forgetsTooMuch) ForgetReplicas(ctx context.Context) error {
	return b.UpdateDocument(ctx, "signing-keys", func([]byte) ([]byte, error) { return nil, nil })
}

type dropsUnconfirmed struct{ store.Store }

func (b dropsUnconfirmed) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	if store.LeftUnconfirmed(ctx) {
		return nil
	}
	return b.Store.UpdateMembership(ctx, tenantID, userID, change)
}

type deafConfirm struct{ store.Store }

func (b deafConfirm) Confirm(ctx context.Context, tenantID string) error {
	return b.Store.Confirm(context.WithoutCancel(ctx), tenantID)
}
