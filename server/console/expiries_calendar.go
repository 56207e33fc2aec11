package console

import (
	"net/url"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"mintkey/admin"
	"mintkey/policy"
)

// calendarEntries is how many expiries a calendar file has at most, the soonest first.
const calendarEntries = 1000

// calendarEntry is the expiry of one access key in a calendar file.
type calendarEntry struct {
	clientID, label, owner, tenant string
	at                             time.Time
	path                           string // of the page of the key
}

// exportExpiries sends what expires in the account within a year as a calendar file (RFC 5545).
func (c *Console) exportExpiries(req *request) error {
	times, shown, err := c.Service.Outlook(req.Context(), req.actor, req.in, req.info.At.AddDate(1, 0, 0), calendarEntries)
	if err != nil {
		return err
	}
	var ids []string
	for _, u := range shown {
		ids = append(ids, u.TenantID)
	}
	tenants, err := c.nameTenants(req.Context(), req.in.Account.ID, ids)
	if err != nil {
		return err
	}
	var entries []calendarEntry
	for _, u := range shown {
		entries = append(entries, calendarEntry{
			u.ClientID, u.Label, u.UserName, tenants[u.TenantID], u.At, keysPath(u.TenantID, u.ClientID),
		})
	}
	more := time.Time{}
	if len(times) > calendarEntries {
		more = times[calendarEntries]
	}
	return c.sendCalendar(req, entries, more)
}

// exportOwnExpiries is exportExpiries for the keys of the visitor.
func (c *Console) exportOwnExpiries(req *request) error {
	keys, _, err := c.Service.UserKeys(req.Context(), req.actor, req.in, req.actor.User.ID, admin.KeyPage{Limit: calendarEntries})
	if err != nil {
		return err
	}
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.Membership.TenantID)
	}
	tenants, err := c.nameTenants(req.Context(), req.in.Account.ID, ids)
	if err != nil {
		return err
	}
	var entries []calendarEntry
	for _, key := range keys {
		expiry := key.Expiry(req.in.Account.Expiration)
		if expiry.IsZero() || policy.Expired(expiry, req.info.At) {
			continue
		}
		entries = append(entries, calendarEntry{
			key.ClientID, key.Label, key.User.Name, tenants[key.Membership.TenantID], expiry, ownKeyPath(key.ClientID),
		})
	}
	return c.sendCalendar(req, entries, time.Time{})
}

// sendCalendar answers with a file. An entry keeps its UID when the key is refreshed, so that who reads the next file in moves it. more is
// when the first expiry is that has no entry; zero if all have.
func (c *Console) sendCalendar(req *request, entries []calendarEntry, more time.Time) error {
	if len(entries) == 0 { // a calendar has one at least (section 3.6)
		c.flash(req, "No access key expires within a year, so there is nothing for a calendar.")
		return req.redirect(strings.TrimSuffix(req.URL.Path, "/expiries.ics"))
	}
	host := "mintkey"
	if at, err := url.Parse(c.URL); err == nil && at.Hostname() != "" {
		host = at.Hostname()
	}
	calendar := ics.NewCalendarFor("Mintkey")
	calendar.SetProductId("-//Mintkey//" + c.Version + "//EN")
	add := func(uid string, at time.Time, summary, text, link string) {
		event := calendar.AddEvent(uid + "@" + host)
		event.SetDtStampTime(req.info.At)
		event.SetStartAt(at.Truncate(time.Second))
		event.SetTimeTransparency(ics.TransparencyTransparent)
		event.SetSummary(summary)
		event.SetDescription(text)
		event.SetURL(link)
	}
	for _, e := range entries {
		name := "Access key " + e.clientID
		if e.label != "" {
			name = "Access key “" + e.label + "”"
		}
		add("expiry-"+e.clientID, e.at, name+" expires", e.clientID+" of "+e.owner+" in "+e.tenant+". Refresh it before.", c.URL+e.path)
	}
	if !more.IsZero() {
		add("expiry-more", more, "More access keys expire from here on",
			"This calendar ends here, because it has "+grouped(calendarEntries)+" entries.", c.URL+securityPath)
	}
	req.w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	req.w.Header().Set("Content-Disposition", `attachment; filename="mintkey-expiries-`+req.info.At.Format(time.DateOnly)+`.ics"`)
	return calendar.SerializeTo(req.w, ics.WithNewLineWindows)
}
