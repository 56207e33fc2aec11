package server

import (
	"mintkey/tokens"
)

// Signing keys belong to the server, not to an account: only operators see them, as accounts:write is theirs alone.

func (s *Server) listSigningKeys(c *call) (reply, error) {
	if _, err := c.query(); err != nil {
		return reply{}, err
	}
	return ok(list[tokens.SigningKeyInfo]{Items: s.KeyRing.SigningKeys(c.at())}), nil
}

// rotateSigningKeys begins a rotation. In an emergency the new keys sign at once, and every token that was signed before is dead.
func (s *Server) rotateSigningKeys(c *call) (reply, error) {
	if _, err := c.query(); err != nil {
		return reply{}, err
	}
	var body struct {
		Emergency bool `json:"emergency"`
	}
	if err := c.decodeOptional(&body); err != nil {
		return reply{}, err
	}
	if err := s.KeyRing.Rotate(c.Context(), c.at(), body.Emergency); err != nil {
		return reply{}, err
	}
	if err := s.office.RecordRotation(c.Context(), c.actor, body.Emergency); err != nil {
		return reply{}, err
	}
	return ok(list[tokens.SigningKeyInfo]{Items: s.KeyRing.SigningKeys(c.at())}), nil
}
