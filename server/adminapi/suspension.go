package adminapi

import (
	"context"

	"mintkey/admin"
	"mintkey/server/api"
)

// SuspendKey suspends an access key of the tenant (R28).
func (a *API) SuspendKey(c *Call) (Reply, error) { return c.suspension(a.service.SuspendKey) }

// ResumeKey makes a suspended access key of the tenant work again.
func (a *API) ResumeKey(c *Call) (Reply, error) { return c.suspension(a.service.ResumeKey) }

// SuspendOwnKey suspends one of the caller's keys.
func (a *API) SuspendOwnKey(c *Call) (Reply, error) { return c.suspension(a.service.SuspendOwnKey) }

// ResumeOwnKey makes one of the caller's keys work again that the caller has suspended.
func (a *API) ResumeOwnKey(c *Call) (Reply, error) { return c.suspension(a.service.ResumeOwnKey) }

func (c *Call) suspension(
	do func(ctx context.Context, actor admin.Actor, in admin.TenantContext, clientID, reason string) (admin.Key, error),
) (Reply, error) {
	body, err := decodeOptional[api.SuspensionRequest](c)
	if err != nil {
		return Reply{}, err
	}
	key, err := do(c.Context(), c.actor, c.in, c.PathValue("client_id"), body.Reason)
	return ok(c.viewKey(key)), err
}
