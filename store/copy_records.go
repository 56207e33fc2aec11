package store

import (
	"context"
	"fmt"
	"slices"

	"mintkey/policy"
)

func (c *copying) accounts(ctx context.Context) error {
	return pages(ctx, c.from.Accounts, func(a policy.Account) string { return a.ID }, func(accounts []policy.Account) error {
		for _, account := range accounts {
			if err := c.account(ctx, account); err != nil {
				return fmt.Errorf("account %s: %w", account.ID, err)
			}
		}
		return nil
	})
}

// account copies users before memberships. A membership whose user is not in the copy was created later, or is left of a deleted user,
// and is left out.
func (c *copying) account(ctx context.Context, account policy.Account) error {
	if err := c.to.CreateAccount(ctx, account); err != nil {
		return err
	}
	users, err := c.users(ctx, account.ID)
	if err != nil {
		return err
	}
	list := func(ctx context.Context, page Page) ([]policy.Tenant, error) {
		return c.from.Tenants(ctx, account.ID, page)
	}
	err = pages(ctx, list, func(t policy.Tenant) string { return t.ID }, func(tenants []policy.Tenant) error {
		for _, tenant := range tenants {
			if err := c.tenant(ctx, tenant, users); err != nil {
				return fmt.Errorf("tenant %s: %w", tenant.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.events(ctx, account.ID)
}

func (c *copying) users(ctx context.Context, accountID string) (known map[string]policy.User, err error) {
	known = map[string]policy.User{}
	list := func(ctx context.Context, page Page) ([]policy.User, error) { return c.from.Users(ctx, accountID, page) }
	err = pages(ctx, list, func(u policy.User) string { return u.ID }, func(users []policy.User) error {
		for _, user := range users {
			known[user.ID] = policy.User{ID: user.ID, AccountID: user.AccountID, Generation: user.Generation}
		}
		return together(users, func(u policy.User) error { return c.to.CreateUser(ctx, u) })
	})
	return known, err
}

func (c *copying) tenant(ctx context.Context, tenant policy.Tenant, users map[string]policy.User) error {
	if err := c.to.CreateTenant(ctx, tenant); err != nil {
		return err
	}
	list := func(ctx context.Context, page Page) ([]policy.Membership, error) {
		return c.from.Memberships(ctx, tenant.ID, page)
	}
	return pages(ctx, list, func(m policy.Membership) string { return m.UserID }, func(memberships []policy.Membership) error {
		memberships = slices.DeleteFunc(slices.Clone(memberships), func(m policy.Membership) bool { return !m.BelongsTo(users[m.UserID]) })
		err := together(memberships, func(m policy.Membership) error {
			return c.to.UpdateMembership(ctx, tenant.ID, m.UserID, func(policy.Membership) (policy.Membership, []policy.Event, error) {
				return m, nil, nil
			})
		})
		if err != nil {
			return err
		}
		return c.accessTimes(ctx, tenant.ID, memberships)
	})
}

func (c *copying) accessTimes(ctx context.Context, tenantID string, memberships []policy.Membership) error {
	var clientIDs []string
	for _, m := range memberships {
		for _, key := range m.Keys {
			clientIDs = append(clientIDs, key.ClientID)
		}
	}
	found, err := c.from.Accesses(ctx, tenantID, clientIDs)
	if err != nil || len(found) == 0 {
		return err
	}
	uses := make(map[KeyRef]KeyAccess, len(found))
	for clientID, use := range found {
		uses[KeyRef{tenantID, clientID}] = use
	}
	return c.to.RecordAccess(ctx, uses)
}

// events keeps the order of arrivals, as far as the store can say it: a Redis whose memory is full can be copied, but puts nothing in
// order. What has no place yet comes last, by ID. An event that was copied already is not recorded again.
func (c *copying) events(ctx context.Context, accountID string) error {
	for position := ""; ; {
		arrivals, next, err := c.from.Arrivals(ctx, accountID, position, copyBatch)
		if err != nil || next == position {
			break // the rest of the events can be read all the same, or says why not
		}
		events := make([]policy.Event, len(arrivals))
		for i, arrival := range arrivals {
			events[i] = arrival.Event
		}
		if err := c.to.RecordEvents(ctx, events...); err != nil {
			return err
		}
		position = next
	}
	for query := (EventsQuery{Limit: copyBatch, OldestFirst: true}); ; {
		events, err := c.from.Events(ctx, accountID, query)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := c.to.RecordEvents(ctx, events...); err != nil {
			return err
		}
		query.After = events[len(events)-1].ID
	}
}
