package adminapi

import (
	"cmp"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
)

// ListEvents lists the audit trail of the account, newest first, or with order=asc in the order in which it was written.
func (a *API) ListEvents(c *Call) (Reply, error) {
	q, err := c.query("order", "since", "until", "actor", "action", "client_id", "key", "tenant_id")
	if err != nil {
		return Reply{}, err
	}
	filter := admin.EventFilter{
		Actor: q.Get("actor"), Action: policy.Action(q.Get("action")),
		ClientID: cmp.Or(q.Get("client_id"), q.Get("key")), TenantID: q.Get("tenant_id"),
	}
	if filter.Since, err = q.instant("since"); err != nil {
		return Reply{}, err
	}
	if filter.Until, err = q.instant("until"); err != nil {
		return Reply{}, err
	}
	list := a.service.Events
	switch q.Get("order") {
	case "", "desc":
	case "asc":
		list = a.service.FollowEvents
	default:
		return Reply{}, web.Refuse(web.ErrInvalidRequest, "order must be asc or desc.")
	}
	events, next, err := list(c.Context(), c.in, filter, q.after, q.limit)
	return ok(api.List[policy.Event]{Items: append([]policy.Event{}, events...), Next: next}), err
}
