package server

import (
	"cmp"

	"mintkey/admin"
	"mintkey/policy"
)

// listEvents lists the audit trail of the account, newest first.
func (s *Server) listEvents(c *call) (reply, error) {
	q, err := c.query("since", "until", "actor", "action", "client_id", "key", "tenant_id")
	if err != nil {
		return reply{}, err
	}
	filter := admin.EventFilter{Actor: q.Get("actor"), Action: policy.Action(q.Get("action")), ClientID: cmp.Or(q.Get("client_id"), q.Get("key")), TenantID: q.Get("tenant_id")}
	if filter.Since, err = q.instant("since"); err != nil {
		return reply{}, err
	}
	if filter.Until, err = q.instant("until"); err != nil {
		return reply{}, err
	}
	events, next, err := s.office.Events(c.Context(), c.place, filter, q.after, q.limit)
	return ok(list[policy.Event]{Items: append([]policy.Event{}, events...), Next: next}), err
}
