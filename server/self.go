package server

import (
	"mintkey/policy"
	"mintkey/store"
)

// listOwnKeys lists the caller's keys in the token's tenant.
func (s *Server) listOwnKeys(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	var own []ownedKey
	after := parseKeyCursor(q.after)
	for _, key := range listedKeys(c.caller.Membership, c.account.Expiration, c.about.At) {
		if key.ClientID > after.clientID {
			own = append(own, ownedKey{key, c.caller.Membership, c.caller.User})
		}
	}
	var answer list[keyView]
	if len(own) > q.limit {
		own = own[:q.limit]
		answer.Next = keyCursor{c.caller.User.ID, own[q.limit-1].ClientID}.String()
	}
	answer.Items, err = s.viewKeys(c, own)
	return ok(answer), err
}

// refreshOwnKey refreshes a key of the caller; another's is none. A token with little more than "self" must not turn into a secret that can
// do more, so what the key can do now must be the token's to do as well.
func (s *Server) refreshOwnKey(c *call) (reply, error) {
	key, owner, err := s.findKey(c.Context(), c.tenant.ID, pathValue(c.Request, "client_id"), c.about.At)
	if err != nil {
		return reply{}, err
	}
	if owner.User.ID != c.caller.User.ID {
		return reply{}, store.ErrNotFound
	}
	if err := policy.CheckGrant(c.caller.Authority(), c.caller.scopes, owner.Authority(), owner.Cut(key.Scopes, s.catalogue)); err != nil {
		return reply{}, err
	}
	return s.refresh(c, key, owner)
}
