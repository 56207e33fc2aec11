package adminapi

import (
	"strconv"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
)

// Calendar lists the account's expiries and notices in the coming days, soonest first.
func (a *API) Calendar(c *Call) (Reply, error) {
	q, err := c.query("days")
	if err != nil {
		return Reply{}, err
	}
	days := policy.DefaultCalendarDays
	if text := q.Get("days"); text != "" {
		if days, err = strconv.Atoi(text); err != nil || days < 1 || days > policy.MaxCalendarDays {
			return Reply{}, web.Refuse(web.ErrInvalidRequest, "days must be between 1 and %d.", policy.MaxCalendarDays)
		}
	}
	upcoming, err := a.service.Calendar(c.Context(), c.actor, c.in, c.At.Add(time.Duration(days)*policy.Day))
	answer := api.List[api.CalendarEntry]{Items: make([]api.CalendarEntry, len(upcoming))}
	for i, u := range upcoming {
		kind := api.CalendarNotice
		if u.DaysBefore == 0 {
			kind = api.CalendarExpiry
		}
		answer.Items[i] = api.CalendarEntry{
			At: u.At.UTC(), Kind: kind, DaysBefore: u.DaysBefore,
			ClientID: u.ClientID, TenantID: u.TenantID, UserID: u.UserID, Email: u.Email, Label: u.Label,
		}
	}
	return ok(answer), err
}
