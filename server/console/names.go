package console

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

// names are what IDs that pages mention stand for.
type names struct {
	users   map[string]policy.User
	tenants map[string]string
	others  map[string]string // who acts from outside the account, by ID
}

// user is the name of somebody of the account, or who acts in it, or else the ID.
func (n names) user(id string) string { return cmp.Or(n.users[id].Name, n.others[id], id) }

// tenant is the name of a tenant, or the ID of one that is gone.
func (n names) tenant(id string) string { return cmp.Or(n.tenants[id], id) }

// namesIn looks up everybody, and every tenant, that the events name.
func (c *Console) namesIn(ctx context.Context, accountID string, events []policy.Event) (names, error) {
	var users, tenants, actors []string
	for _, e := range events {
		users = append(users, e.UserID, e.Actor.UserID, e.Details["from"], e.Details["to"])
		actors = append(actors, e.Actor.UserID)
		tenants = append(tenants, e.TenantID)
	}
	found, err := c.nameUsers(ctx, accountID, users)
	if err != nil {
		return names{}, err
	}
	if found.others, err = c.nameOperators(ctx, accountID, found.users, actors); err != nil {
		return names{}, err
	}
	found.tenants, err = c.nameTenants(ctx, accountID, tenants)
	return found, err
}

func (c *Console) nameUsers(ctx context.Context, accountID string, ids []string) (names, error) {
	users, err := c.Store.UsersByID(ctx, accountID, distinct(ids))
	return names{users: users}, err
}

// nameTenants returns the names of those of the tenants that are the account's, by ID.
func (c *Console) nameTenants(ctx context.Context, accountID string, ids []string) (map[string]string, error) {
	found := map[string]string{}
	for _, id := range distinct(ids) {
		tenant, err := c.Store.Tenant(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil && tenant.AccountID == accountID {
			found[id] = tenant.Name
		}
	}
	return found, nil
}

// accountsAsked is in how many accounts an operator is looked for. They work from the first, or from few.
const accountsAsked = 20

// nameOperators names those of the actors who are not users of the account: operators act in all accounts. Who else does anything in
// another account is not named, because their account is nobody's business here.
func (c *Console) nameOperators(
	ctx context.Context, accountID string, known map[string]policy.User, actors []string,
) (map[string]string, error) {
	var strangers []string
	for _, id := range distinct(actors) {
		if _, ok := known[id]; !ok {
			strangers = append(strangers, id)
		}
	}
	if len(strangers) == 0 {
		return nil, nil //nolint:nilnil // nobody to name
	}
	accounts, err := c.Store.Accounts(ctx, store.Page{Limit: accountsAsked})
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, account := range accounts {
		if account.ID == accountID || len(found) == len(strangers) {
			continue
		}
		users, err := c.Store.UsersByID(ctx, account.ID, strangers)
		if err != nil {
			return nil, err
		}
		for id, user := range users {
			if slices.Contains(user.Roles, policy.RoleOperator) {
				found[id] = user.Name + " (operator)"
			}
		}
	}
	return found, nil
}

// distinct drops what is empty or repeated.
func distinct(ids []string) []string {
	var kept []string
	seen := map[string]bool{"": true}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			kept = append(kept, id)
		}
	}
	return kept
}
