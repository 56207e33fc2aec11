package adminapi

import "mintkey/server/api"

// Signing keys belong to the server, not to an account. Gateways need the public keys, so callers who may introspect tokens may list them
// too. Only operators rotate them.

// ListSigningKeys lists the currently published signing keys.
func (a *API) ListSigningKeys(c *Call) (Reply, error) {
	if _, err := c.query(); err != nil {
		return Reply{}, err
	}
	return a.signingKeys(c), nil
}

// RotateSigningKeys begins a rotation. In an emergency the new keys sign at once, and every token signed before becomes
// invalid.
func (a *API) RotateSigningKeys(c *Call) (Reply, error) {
	body, err := decodeOptional[api.Rotation](c)
	if err != nil {
		return Reply{}, err
	}
	if err := a.keys.Rotate(c.Context(), c.At, body.Emergency); err != nil {
		return Reply{}, err
	}
	if err := a.service.RecordRotation(c.Context(), c.actor, body.Emergency); err != nil {
		return Reply{}, err
	}
	return a.signingKeys(c), nil
}

func (a *API) signingKeys(c *Call) Reply {
	answer := api.List[api.SigningKey]{Items: []api.SigningKey{}}
	for _, key := range a.keys.SigningKeys(c.At) {
		answer.Items = append(answer.Items, api.SigningKey{
			KID: key.KID, Algorithm: string(key.Algorithm), State: string(key.State),
			CreatedAt: key.CreatedAt, ActiveFrom: key.ActiveFrom, PublicPEM: key.PublicPEM,
		})
	}
	return ok(answer)
}
