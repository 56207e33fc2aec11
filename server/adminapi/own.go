package adminapi

import "mintkey/admin"

// ListOwnKeys lists the caller's keys in the token's tenant.
func (a *API) ListOwnKeys(c *Call) (Reply, error) {
	q, err := c.query()
	if err != nil {
		return Reply{}, err
	}
	keys, next, err := a.service.OwnKeys(c.Context(), c.actor, admin.KeyPage{After: q.after, Limit: q.limit})
	return ok(c.viewKeys(keys, next)), err
}

// RefreshThisKey gives the access key behind the caller's token a new secret (R30).
func (a *API) RefreshThisKey(c *Call) (Reply, error) {
	how, err := c.refreshRequest()
	if err != nil {
		return Reply{}, err
	}
	key, secret, err := a.service.RefreshThisKey(c.Context(), c.actor, c.in, how)
	return ok(c.viewRefreshed(key, secret)), err
}

// RefreshOwnKey gives one of the caller's keys a new secret.
func (a *API) RefreshOwnKey(c *Call) (Reply, error) {
	how, err := c.refreshRequest()
	if err != nil {
		return Reply{}, err
	}
	key, secret, err := a.service.RefreshOwnKey(c.Context(), c.actor, c.in, c.PathValue("client_id"), how)
	return ok(c.viewRefreshed(key, secret)), err
}

// RevokeOwnKey deletes one of the caller's keys (R5).
func (a *API) RevokeOwnKey(c *Call) (Reply, error) {
	return noContent(), a.service.RevokeOwnKey(c.Context(), c.actor, c.in, c.PathValue("client_id"))
}

// EndOwnOverlap stops the old secret of one of the caller's keys.
func (a *API) EndOwnOverlap(c *Call) (Reply, error) {
	revokeTokens, err := c.revokeTokens()
	if err != nil {
		return Reply{}, err
	}
	return noContent(), a.service.EndOwnOverlap(c.Context(), c.actor, c.in, c.PathValue("client_id"), revokeTokens)
}
