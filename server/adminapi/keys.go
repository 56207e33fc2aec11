package adminapi

import (
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
)

func (c *Call) viewKey(k admin.Key) api.Key {
	expiration := c.in.Account.Expiration
	view := api.Key{
		ClientID: k.ClientID, TenantID: k.Membership.TenantID, UserID: k.User.ID, UserName: k.User.Name, Email: k.User.Email,
		Label: k.Label, Scopes: append([]string{}, k.Scopes...), Status: k.Status(expiration, c.At),
		CreatedAt: k.CreatedAt.UTC(), SecretIssuedAt: k.SecretIssuedAt().UTC(),
		LastAccessAt: api.OrNull(k.LastAccess.At), ExpiresAt: api.OrNull(k.Expiry(expiration)), Marks: k.Marks(k.LastAccess.At, expiration, c.At),
		Audiences: k.Audiences, AllowedNetworks: k.AllowedNetworks,
		TokenLifetimeSeconds: k.TokenLifetimeSeconds, TokensPerMinute: k.TokensPerMinute, OwnExpiresAt: api.OrNull(k.ExpiresAt),
		Secrets: []api.Secret{}, Suspension: api.NewSuspension(k.Suspended),
	}
	if k.LastAccess.Address != "" {
		view.LastAccessAddress = &k.LastAccess.Address
	}
	secrets := k.Secrets[:min(len(k.Secrets), 1)]
	if old, ok := k.Overlap(expiration, c.At); ok {
		secrets = []policy.Secret{k.Secrets[0], old}
	}
	for _, s := range secrets {
		view.Secrets = append(view.Secrets, api.Secret{
			IssuedAt: s.IssuedAt.UTC(), EndsAt: api.OrNull(s.EndsAt), LastAccessAt: api.OrNull(k.LastAccess.OfSecret(s.IssuedAt)),
		})
	}
	return view
}

func (c *Call) viewSecret(k admin.Key, secret policy.ClientSecret) api.KeyWithSecret {
	view := api.KeyWithSecret{Key: c.viewKey(k), ClientSecret: secret.Reveal(), Unconfirmed: viewUnconfirmed(k)}
	if len(k.Secrets) > 1 {
		view.PreviousSecretEndsAt = api.OrNull(k.Secrets[1].EndsAt)
	}
	return view
}

func viewUnconfirmed(k admin.Key) api.Unconfirmed {
	if !k.Unconfirmed {
		return api.Unconfirmed{}
	}
	return api.Unconfirmed{Confirmed: new(bool)}
}

func (c *Call) viewRefreshed(k admin.RefreshedKey, secret policy.ClientSecret) api.KeyWithSecret {
	view := c.viewSecret(k.Key, secret)
	view.DroppedScopes = k.DroppedScopes
	return view
}

func (c *Call) viewKeys(keys []admin.Key, next string) api.List[api.Key] {
	answer := api.List[api.Key]{Items: []api.Key{}, Next: next}
	for _, key := range keys {
		answer.Items = append(answer.Items, c.viewKey(key))
	}
	return answer
}

// ListKeys lists the access keys of the tenant.
func (a *API) ListKeys(c *Call) (Reply, error) {
	q, err := c.query("user_id", "status", "q")
	if err != nil {
		return Reply{}, err
	}
	filter := admin.KeyFilter{UserID: q.Get("user_id"), Status: policy.Status(q.Get("status")), Text: q.Get("q")}
	switch filter.Status {
	case "", policy.StatusActive, policy.StatusSuspended, policy.StatusExpired:
	default:
		return Reply{}, web.Refuse(web.ErrInvalidRequest, "status must be active, suspended or expired.")
	}
	keys, next, err := a.service.Keys(c.Context(), c.actor, c.in, filter, admin.KeyPage{After: q.after, Limit: q.limit})
	return ok(c.viewKeys(keys, next)), err
}

// GetKey returns one access key.
func (a *API) GetKey(c *Call) (Reply, error) {
	key, err := a.service.Key(c.Context(), c.actor, c.in, c.PathValue("client_id"))
	return ok(c.viewKey(key)).withTag(admin.KeyTag(key.User.ID, key.AccessKey)), err
}

// CreateKey creates an access key and returns its secret, or the link with which its owner generates one (R26).
func (a *API) CreateKey(c *Call) (Reply, error) {
	body, err := decode[api.NewKey](c)
	if err != nil {
		return Reply{}, err
	}
	if (body.UserID == "") == (body.Email == "") {
		return Reply{}, web.Refuse(web.ErrInvalidRequest, "Name the owner by user_id or by email.")
	}
	wanted := admin.NewKey{UserID: body.UserID, Email: body.Email, Label: body.Label}
	wanted.Audiences, wanted.AllowedNetworks = body.Audiences, body.AllowedNetworks
	if body.Scopes != nil {
		if wanted.Scopes = *body.Scopes; len(wanted.Scopes) == 0 {
			return Reply{}, web.Refuse(policy.ErrInvalidScope, "An access key needs at least one scope.")
		}
	}
	if wanted.Request, err = c.retried(body); err != nil {
		return Reply{}, err
	}
	quota, err := quotaOf(body.TokensPerMinute)
	if err != nil {
		return Reply{}, err
	}
	if quota != nil {
		wanted.TokensPerMinute = *quota
	}
	lifetime, err := lifetimeOf(body.TokenLifetimeSeconds)
	if err != nil {
		return Reply{}, err
	}
	if lifetime != nil {
		wanted.TokenLifetimeSeconds = *lifetime
	}
	if end := endOf(body.ExpiresAt); end != nil {
		wanted.ExpiresAt = *end
	}
	if body.PickUp {
		key, link, err := a.service.CreateKeyForPickUp(c.Context(), c.actor, c.in, wanted)
		view := api.KeyForPickUp{Key: c.viewKey(key), URL: a.links.pickUpURL(link), ExpiresAt: link.Expires, Unconfirmed: viewUnconfirmed(key)}
		return created(view, "/admin/v1/tenants/%s/keys/%s", c.in.Tenant.ID, key.ClientID), err
	}
	key, secret, err := a.service.CreateKey(c.Context(), c.actor, c.in, wanted)
	return created(c.viewSecret(key, secret), "/admin/v1/tenants/%s/keys/%s", c.in.Tenant.ID, key.ClientID), err
}

// RevokeKey deletes an access key (R5).
func (a *API) RevokeKey(c *Call) (Reply, error) {
	condition, err := c.ifMatch()
	if err != nil {
		return Reply{}, err
	}
	return noContent(), a.service.RevokeKey(c.Context(), c.actor, c.in, c.PathValue("client_id"), condition)
}

// RefreshKey gives an access key a new secret and returns it (R6).
func (a *API) RefreshKey(c *Call) (Reply, error) {
	how, err := c.refreshRequest()
	if err != nil {
		return Reply{}, err
	}
	key, secret, err := a.service.RefreshKey(c.Context(), c.actor, c.in, c.PathValue("client_id"), how)
	return ok(c.viewRefreshed(key, secret)), err
}

// TransferKey gives an access key to another member of the tenant.
func (a *API) TransferKey(c *Call) (Reply, error) {
	body, err := decode[api.Transfer](c)
	if err != nil {
		return Reply{}, err
	}
	key, err := a.service.TransferKey(c.Context(), c.actor, c.in, c.PathValue("client_id"), body.UserID)
	return ok(c.viewKey(key)), err
}

// EndOverlap stops the old secret of an access key, and with ?revoke_tokens=true its tokens (R6).
func (a *API) EndOverlap(c *Call) (Reply, error) {
	revokeTokens, err := c.revokeTokens()
	if err != nil {
		return Reply{}, err
	}
	return noContent(), a.service.EndOverlap(c.Context(), c.actor, c.in, c.PathValue("client_id"), revokeTokens)
}

func (c *Call) revokeTokens() (bool, error) {
	q, err := c.parameters("revoke_tokens")
	if err != nil {
		return false, err
	}
	return q.flag("revoke_tokens")
}

func (c *Call) refreshRequest() (admin.RefreshRequest, error) {
	body, err := decodeOptional[api.Refresh](c)
	switch {
	case err != nil:
		return admin.RefreshRequest{}, err
	case body.OverlapSeconds < 0 || body.OverlapSeconds > int64(policy.MaxOverlap/time.Second):
		return admin.RefreshRequest{}, policy.ErrInvalidOverlap
	case body.RevokeTokens && body.OverlapSeconds > 0:
		return admin.RefreshRequest{}, web.Refuse(policy.ErrInvalidOverlap,
			"With revoke_tokens the old secret dies at once: leave overlap_seconds out.")
	}
	request, err := c.retried(body)
	return admin.RefreshRequest{
		Overlap: time.Duration(body.OverlapSeconds) * time.Second, RevokeTokens: body.RevokeTokens, Request: request,
	}, err
}
