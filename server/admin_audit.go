package server

import (
	"mintkey/policy"
	"mintkey/store"
	"time"
)

// eventFilter selects events of the audit trail; empty fields select all.
type eventFilter struct {
	until    time.Time
	actor    string // a user ID or a client ID
	action   policy.Action
	clientID string
	tenantID string
}

func (f eventFilter) matches(e policy.Event) bool {
	return (f.until.IsZero() || e.At.Before(f.until)) &&
		(f.actor == "" || f.actor == e.Actor.UserID || f.actor == e.Actor.ClientID) &&
		(f.action == "" || f.action == e.Action) &&
		(f.clientID == "" || f.clientID == e.ClientID) &&
		(f.tenantID == "" || f.tenantID == e.TenantID)
}

// listEvents lists the audit trail of the account, newest first.
func (s *Server) listEvents(c *call) (reply, error) {
	q, err := c.query("since", "until", "actor", "action", "client_id", "key", "tenant_id")
	if err != nil {
		return reply{}, err
	}
	since, err := q.instant("since")
	if err != nil {
		return reply{}, err
	}
	filter := eventFilter{actor: q.Get("actor"), action: policy.Action(q.Get("action")), clientID: q.Get("client_id"), tenantID: q.Get("tenant_id")}
	if filter.until, err = q.instant("until"); err != nil {
		return reply{}, err
	}
	if filter.clientID == "" {
		filter.clientID = q.Get("key")
	}
	answer := list[policy.Event]{Items: []policy.Event{}}
	next := store.EventsQuery{Before: q.after, Since: since, Limit: walkSize}
	for {
		events, err := s.store.Events(c.Context(), c.account.ID, next)
		if err != nil {
			return reply{}, err
		}
		for _, event := range events {
			next.Before = event.ID
			if !filter.matches(event) {
				continue
			}
			if len(answer.Items) == q.limit {
				answer.Next = answer.Items[q.limit-1].ID
				return ok(answer), nil
			}
			answer.Items = append(answer.Items, event)
		}
		if len(events) < walkSize {
			return ok(answer), nil
		}
	}
}
