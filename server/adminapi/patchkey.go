package adminapi

import (
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
)

// PatchKey changes label, scopes and fences of an access key (R9, R33).
func (a *API) PatchKey(c *Call) (Reply, error) {
	body, err := decode[api.KeyChange](c)
	if err != nil {
		return Reply{}, err
	}
	patch := policy.KeyPatch{
		Label: body.Label, Scopes: body.Scopes, AllowedNetworks: listOf(body.AllowedNetworks), Audiences: listOf(body.Audiences),
		ExpiresAt: endOf(body.ExpiresAt),
	}
	if patch.TokenLifetimeSeconds, err = lifetimeOf(body.TokenLifetimeSeconds); err != nil {
		return Reply{}, err
	}
	if patch.TokensPerMinute, err = quotaOf(body.TokensPerMinute); err != nil {
		return Reply{}, err
	}
	condition, err := c.ifMatch()
	if err != nil {
		return Reply{}, err
	}
	key, err := a.service.PatchKey(c.Context(), c.actor, c.in, c.PathValue("client_id"), patch, condition)
	return ok(c.viewKey(key)).withTag(admin.KeyTag(key.User.ID, key.AccessKey)), err
}

// listOf is a fence of a body as the operations take it: nil leaves it, an empty one takes it away.
func listOf(given api.Nullable[[]string]) *[]string {
	if given.Given && given.Value == nil {
		return new([]string)
	}
	return given.Value
}

// endOf is like listOf. The first instant of the year 1 is a time that is past, and not the zero time, which takes an end away.
func endOf(given api.Nullable[time.Time]) *time.Time {
	switch {
	case given.Given && given.Value == nil:
		return new(time.Time)
	case given.Value != nil && given.Value.IsZero():
		past := given.Value.Add(1)
		return &past
	default:
		return given.Value
	}
}

// lifetimeOf is like quotaOf: a 0 in the body is refused.
func lifetimeOf(given api.Nullable[int]) (*int, error) {
	if given.Given && given.Value != nil && *given.Value == 0 {
		return nil, policy.ErrInvalidTokenLifetime
	}
	if given.Given && given.Value == nil {
		return new(int), nil
	}
	return given.Value, nil
}
