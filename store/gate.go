package store

import (
	"context"
	"sync/atomic"

	"mintkey/policy"
)

// Gate is a Store that refuses changes of records and documents while it is shut. Reads still work, and tokens are still issued.
// It can be used from many goroutines.
type Gate struct {
	Store

	refusal atomic.Pointer[error]
	lost    atomic.Pointer[error]
}

// NewGate returns an open gate.
func NewGate(s Store) *Gate { return &Gate{Store: s} }

// Set shuts the gate with the error that changes will get, or opens it again with nil.
func (g *Gate) Set(refusal error) {
	if refusal == nil {
		g.refusal.Store(nil)
		return
	}
	g.refusal.Store(&refusal)
}

// Lose shuts the gate because the store is lost, or ends that with nil. See Watch.
func (g *Gate) Lose(why error) {
	if why == nil {
		g.lost.Store(nil)
		return
	}
	g.lost.Store(&why)
}

// Refusal is why the gate is shut; nil while it is open.
func (g *Gate) Refusal() error {
	if lost := g.lost.Load(); lost != nil {
		return *lost
	}
	if refusal := g.refusal.Load(); refusal != nil {
		return *refusal
	}
	return nil
}

// ChangesRefused is why changes are not saved now: the gate is shut, or the store itself says so, as on a full disk.
func (g *Gate) ChangesRefused() error {
	if refusal := g.Refusal(); refusal != nil {
		return refusal
	}
	if inner, ok := g.Store.(interface{ ChangesRefused() error }); ok {
		return inner.ChangesRefused()
	}
	return nil
}

func (g *Gate) pass(do func() error) error {
	if err := g.Refusal(); err != nil {
		return err
	}
	return do()
}

// CreateAccount implements Accounts.
func (g *Gate) CreateAccount(ctx context.Context, account policy.Account, events ...policy.Event) error {
	return g.pass(func() error { return g.Store.CreateAccount(ctx, account, events...) })
}

// UpdateAccount implements Accounts.
func (g *Gate) UpdateAccount(ctx context.Context, id string, change func(policy.Account) (policy.Account, []policy.Event, error)) error {
	return g.pass(func() error { return g.Store.UpdateAccount(ctx, id, change) })
}

// CreateTenant implements Tenants.
func (g *Gate) CreateTenant(ctx context.Context, tenant policy.Tenant, events ...policy.Event) error {
	return g.pass(func() error { return g.Store.CreateTenant(ctx, tenant, events...) })
}

// UpdateTenant implements Tenants.
func (g *Gate) UpdateTenant(ctx context.Context, id string, change func(policy.Tenant) (policy.Tenant, []policy.Event, error)) error {
	return g.pass(func() error { return g.Store.UpdateTenant(ctx, id, change) })
}

// CreateUser implements Users.
func (g *Gate) CreateUser(ctx context.Context, user policy.User, events ...policy.Event) error {
	return g.pass(func() error { return g.Store.CreateUser(ctx, user, events...) })
}

// UpdateUser implements Users.
func (g *Gate) UpdateUser(ctx context.Context, accountID, id string, change func(policy.User) (policy.User, []policy.Event, error)) error {
	return g.pass(func() error { return g.Store.UpdateUser(ctx, accountID, id, change) })
}

// DeleteUser implements Users.
func (g *Gate) DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error {
	return g.pass(func() error { return g.Store.DeleteUser(ctx, accountID, id, events...) })
}

// UpdateMembership implements Memberships.
func (g *Gate) UpdateMembership(ctx context.Context, tenantID, userID string, change MembershipChange) error {
	return g.pass(func() error { return g.Store.UpdateMembership(ctx, tenantID, userID, change) })
}

// MoveKey implements Memberships.
func (g *Gate) MoveKey(ctx context.Context, tenantID, clientID, fromID, toID string, change KeyMove) error {
	return g.pass(func() error { return g.Store.MoveKey(ctx, tenantID, clientID, fromID, toID, change) })
}

// UpdateDocument implements Documents.
func (g *Gate) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	return g.pass(func() error { return g.Store.UpdateDocument(ctx, name, change) })
}

// Arrivals implements AuditTrail. It is a change for a store that puts events in order when they are read.
func (g *Gate) Arrivals(ctx context.Context, accountID, after string, limit int) (arrivals []Arrival, next string, err error) {
	err = g.pass(func() (err error) {
		arrivals, next, err = g.Store.Arrivals(ctx, accountID, after, limit)
		return err
	})
	return arrivals, next, err
}

// ForgetEvents implements AuditTrail.
func (g *Gate) ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error {
	return g.pass(func() error { return g.Store.ForgetEvents(ctx, accountID, events...) })
}
