package console

import (
	"context"
	"errors"
	"slices"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// Where a visitor is: in a tenant of theirs, in one that they administer, or in an account that has none yet.

const (
	sessionAlone = "alone" // the session is of an admin who is a member of no tenant
	sessionPlace = "place" // the account that an operator has entered, while they are in no tenant of it
)

// lastTenant remembers the tenant that a person used last, for their next sign-in.
type lastTenant struct {
	TenantID string `json:"tenant_id"`
}

const lastTenantKept = 180 * policy.Day

func (c *Console) lastTenants() ephemeral.Records[lastTenant] {
	return ephemeral.Records[lastTenant]{Store: c.Store, Prefix: "last-tenant/"}
}

// defaultSubject returns the user in the tenant that they are most likely to want: one in which they may do most, and of these the one used
// last. An admin of the account may be a member of none.
func (c *Console) defaultSubject(ctx context.Context, u policy.User) (best policy.Subject, err error) {
	ids, err := c.Store.TenantsOf(ctx, u.AccountID, u.ID)
	if err != nil {
		return best, err
	}
	if len(ids) == 0 {
		return c.subjectAlone(ctx, u.AccountID, u.ID)
	}
	last, err := c.lastTenants().Get(ctx, u.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return best, err
	}
	if at := slices.Index(ids, last.TenantID); at > 0 {
		ids = slices.Insert(slices.Delete(ids, at, at+1), 0, last.TenantID)
	}
	for _, id := range ids {
		subject, err := c.Store.Subject(ctx, id, u.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // it ended just now
		}
		if err != nil {
			return policy.Subject{}, err
		}
		if subject.Authority() > best.Authority() {
			best = subject
		}
		if best.Authority() >= policy.AuthorityTenantAdmin { // a membership gives no more
			break
		}
	}
	if best.Authority() == policy.AuthorityNone {
		return policy.Subject{}, errNoTenant
	}
	return best, nil
}

// subjectAlone returns an admin who is a member of no tenant; errNoTenant for anybody else.
func (c *Console) subjectAlone(ctx context.Context, accountID, userID string) (policy.Subject, error) {
	user, err := c.Store.User(ctx, accountID, userID)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(user.AdminRoles()) == 0 {
		return policy.Subject{}, errNoTenant
	}
	if err != nil {
		return policy.Subject{}, err
	}
	account, err := c.Store.Account(ctx, accountID)
	return policy.Subject{Account: account, User: user, InAccount: true}, err
}

// visiting returns whose session it is. One that began in no tenant stays so: what the person has become a member of since counts
// from their next sign-in.
func (c *Console) visiting(ctx context.Context, s session, tenantID string) (policy.Subject, error) {
	if !c.sessions.GetBool(ctx, sessionAlone) {
		return c.subject(ctx, s, tenantID)
	}
	subject, err := c.subjectAlone(ctx, s.accountID, s.userID)
	if errors.Is(err, errNoTenant) {
		err = store.ErrNotFound
	}
	return subject, err
}

// place returns where a page is that names the tenant, or none.
func (c *Console) place(ctx context.Context, actor admin.Actor, s session, tenantID string) (admin.TenantContext, error) {
	if tenantID != "" {
		in, err := c.Service.Resolve(ctx, actor, "", tenantID)
		if err == nil && c.sessions.Exists(ctx, sessionPlace) {
			c.sessions.Remove(ctx, sessionPlace)
		}
		return in, err
	}
	if entered := c.sessions.GetString(ctx, sessionPlace); entered != "" {
		if in, err := c.Service.Resolve(ctx, actor, entered, ""); err == nil && !closedTo(actor, s.method, in.Account) {
			if in.Tenant.AccountID != in.Account.ID {
				in.Tenant = policy.Tenant{}
			}
			return in, nil
		}
	}
	if s.tenantID != "" { // an account admin may have last used a tenant without being a member of it
		if last, err := c.Service.Resolve(ctx, actor, "", s.tenantID); err == nil && !closedTo(actor, s.method, last.Account) {
			return last, nil
		}
	}
	return c.Service.Resolve(ctx, actor, "", "")
}

// rememberTenant keeps the tenant that a person uses, beyond the session. It costs a click at most if it can't be kept.
func (c *Console) rememberTenant(ctx context.Context, userID, tenantID string, now time.Time) {
	if tenantID != "" {
		_ = c.lastTenants().Put(ctx, userID, lastTenant{tenantID}, now.Add(lastTenantKept))
	}
}
