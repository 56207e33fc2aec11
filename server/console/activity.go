package console

import (
	"cmp"
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
	Since   dayField
	Until   dayField
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
	KeyPath string
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

// events converts the form to a filter of the audit trail. The last day is included.
func (c *Console) events(req *request, f activityFilter) (admin.EventFilter, error) {
	found := admin.EventFilter{Action: policy.Action(f.Action), Who: f.Who, ClientID: f.Key, TenantID: f.Tenant}
	if err := c.checkFilter(req, f); err != nil {
		return found, err
	}
	since, until := parseDay(f.Since, false), parseDay(f.Until, true)
	found.Since, found.Until = since.instant, until.instant
	return found, nil
}

// dayField is the first or the last day of a filter, as a form shows it. The days of a form without a script are days of UTC; the script
// sends the instant at which the reader's day begins or, of the last day, ends.
type dayField struct {
	Day string // in UTC, for the form
	At  string // the instant, for the script to show the reader's day; empty for none

	instant time.Time
}

// parseDay is zero for what is no day and no instant.
func parseDay(text string, last bool) dayField {
	days := 0
	if last {
		days = 1
	}
	at, err := time.Parse(time.DateOnly, text)
	if err == nil {
		at = at.AddDate(0, 0, days)
	} else if at, err = time.Parse(time.RFC3339, text); err != nil {
		return dayField{}
	}
	at = at.UTC()
	shown := at
	if last {
		shown = at.Add(-time.Nanosecond)
	}
	return dayField{shown.Format(time.DateOnly), at.Format(time.RFC3339), at}
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
	page := activityPage{
		Views: activityViews(activityPath), Filter: filter, Any: len(values) > 0, Actions: actions(filter.Action),
		Since: parseDay(filter.Since, false), Until: parseDay(filter.Until, true),
	}
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

func newEventRow(e policy.Event, names names, now time.Time) eventRow {
	row := eventRow{
		At: newStamp(e.At, now), Who: names.user(e.Actor.UserID), WhoID: e.Actor.ClientID, Did: actionText(e.Action),
		Key: e.ClientID, Whom: names.user(e.UserID), Tenant: names.tenant(e.TenantID), Details: detailWords(e, names), From: e.Actor.Via,
	}
	if e.ClientID != "" {
		row.KeyPath = keysPath(e.TenantID, e.ClientID)
	}
	if strings.HasPrefix(string(e.Action), "tenant.") {
		row.Whom, row.Tenant = row.Tenant, ""
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
