package console

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

type activityPage struct {
	Views   []choice
	Filter  activityFilter
	Actions []order
	Rows    []eventRow
	Newest  string
	Older   string
	CSV     string
	JSON    string
	Any     bool // a filter is set
}

// activityFilter is the filter form as submitted.
type activityFilter struct {
	Action, Who, Key, Tenant, Since, Until string
}

// eventRow is one event of the audit trail, ready to display.
type eventRow struct {
	At      stamp
	Who     string
	WhoID   string
	Did     string
	Key     string
	Whom    string
	Tenant  string
	Details []string
	From    string
}

const eventsPerPage = 50

func (req *request) activityFilter() activityFilter {
	get := func(name string) string { return strings.TrimSpace(req.Form.Get(name)) }
	return activityFilter{get("action"), get("who"), get("key"), get("tenant"), get("since"), get("until")}
}

// query encodes the filter as URL query parameters.
func (f activityFilter) query() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{
		"action": f.Action, "who": f.Who, "key": f.Key, "tenant": f.Tenant, "since": f.Since, "until": f.Until,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// events converts the form to a filter of the audit trail. Days are UTC days, and the last one is included.
func (c *Console) events(req *request, f activityFilter) (admin.EventFilter, error) {
	found := admin.EventFilter{Action: policy.Action(f.Action), Who: f.Who, ClientID: f.Key, TenantID: f.Tenant}
	if err := c.checkFilter(req, f); err != nil {
		return found, err
	}
	found.Since, _ = time.Parse(time.DateOnly, f.Since)
	if until, err := time.Parse(time.DateOnly, f.Until); err == nil {
		found.Until = until.AddDate(0, 0, 1)
	}
	return found, nil
}

func (c *Console) activity(req *request) error {
	ctx, filter := req.Context(), req.activityFilter()
	wanted, err := c.events(req, filter)
	if err != nil {
		return err
	}
	events, next, err := c.Service.Events(ctx, req.in, wanted, req.Form.Get("after"), eventsPerPage)
	if err != nil {
		return err
	}
	values := filter.query()
	page := activityPage{Views: activityViews(activityPath), Filter: filter, Any: len(values) > 0, Actions: actions(filter.Action)}
	at := func(path string, extra ...string) string {
		q := filter.query()
		for i := 0; i+1 < len(extra); i += 2 {
			q.Set(extra[i], extra[i+1])
		}
		if len(q) == 0 {
			return path
		}
		return path + "?" + q.Encode()
	}
	page.CSV, page.JSON = at(activityPath+"/export", "format", "csv"), at(activityPath+"/export", "format", "json")
	if next != "" {
		page.Older = at(activityPath, "after", next)
	}
	if req.Form.Get("after") != "" {
		page.Newest = at(activityPath)
	}
	names, err := c.namesIn(ctx, req.in.Account.ID, events)
	for _, event := range events {
		page.Rows = append(page.Rows, newEventRow(event, names, req.info.At))
	}
	if err != nil {
		return err
	}
	return c.show(req, "activity", "Activity", page)
}

// namesIn looks up every user that the events name.
func (c *Console) namesIn(ctx context.Context, accountID string, events []policy.Event) (map[string]policy.User, error) {
	var ids []string
	for _, event := range events {
		for _, id := range []string{event.UserID, event.Actor.UserID} {
			if id != "" {
				ids = append(ids, id)
			}
		}
	}
	return c.Store.UsersByID(ctx, accountID, ids)
}

func newEventRow(e policy.Event, users map[string]policy.User, now time.Time) eventRow {
	name := func(id string) string { return cmp.Or(users[id].Name, id) }
	row := eventRow{
		At: newStamp(e.At, now), Who: name(e.Actor.UserID), WhoID: e.Actor.ClientID, Did: actionText(e.Action),
		Key: e.ClientID, Whom: name(e.UserID), Tenant: e.TenantID, Details: detailTexts(e.Details), From: e.Actor.Via,
	}
	if strings.HasPrefix(string(e.Action), "tenant.") {
		row.Whom, row.Tenant = e.TenantID, ""
	}
	if row.Who == "" {
		row.Who = map[string]string{"command": "The mintkey command", "console": "Somebody"}[e.Actor.Via]
		row.Who = cmp.Or(row.Who, "Mintkey")
	}
	if e.Actor.Address != "" {
		row.From += ", " + e.Actor.Address
	}
	return row
}
