package console

import (
	"net/url"

	"mintkey/policy"
)

// history is one page of what happened to something, newest first.
type history struct {
	Rows   []eventRow
	Newest string // page; empty on it
	Older  string
	Far    bool // the page ends because it has looked far back, and not because it is full
}

const historyRows = 20

// keyHistory is what the audit trail says of a key.
func (c *Console) keyHistory(req *request, clientID, path string) (history, error) {
	after := req.Form.Get("after")
	events, next, err := c.Service.KeyEvents(req.Context(), req.actor, req.in, clientID, after, historyRows)
	if err != nil {
		return history{}, err
	}
	var shown history
	if after != "" {
		shown.Newest = path + "#history"
	}
	if next != "" {
		shown.Older, shown.Far = path+"?"+url.Values{"after": {next}}.Encode()+"#history", len(events) < historyRows
	}
	names, err := c.namesIn(req.Context(), req.in.Account.ID, events)
	if err != nil {
		return history{}, err
	}
	for _, event := range events {
		if !req.maySeeAddress(event) {
			event.Actor.Address = ""
		}
		row := newEventRow(event, names, req.info.At)
		row.Key, row.Whom, row.Tenant = "", "", "" // the page says whose it is
		shown.Rows = append(shown.Rows, row)
	}
	return shown, nil
}

// maySeeAddress says whether the visitor may see where somebody acted from. Where programs ask for tokens is about the key.
func (req *request) maySeeAddress(e policy.Event) bool {
	return e.Action == policy.ActionTokenRefused || e.Actor.UserID == req.actor.User.ID || req.actor.Require(policy.ScopeAuditRead) == nil
}
