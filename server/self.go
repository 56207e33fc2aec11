package server

import (
	"mintkey/admin"
)

// listOwnKeys lists the caller's keys in the token's tenant.
func (s *Server) listOwnKeys(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	keys, next, err := s.office.OwnKeys(c.Context(), c.actor, admin.KeyPage{After: q.after, Limit: q.limit})
	return ok(c.viewKeys(keys, next)), err
}

// refreshOwnKey refreshes a key of the caller.
func (s *Server) refreshOwnKey(c *call) (reply, error) {
	how, err := c.refreshRequest()
	if err != nil {
		return reply{}, err
	}
	key, secret, err := s.office.RefreshOwnKey(c.Context(), c.actor, c.place, c.PathValue("client_id"), how)
	return ok(c.viewSecret(key, secret)), err
}
