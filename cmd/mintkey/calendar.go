package main

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

func (p *program) calendarCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "calendar",
		Short:   "List the coming expiries and notices of the account",
		Example: "  mintkey calendar --days 30 -o csv > calendar.csv",
		Args:    arguments(cobra.NoArgs),
	}
	access, account := addAccessFlags(c), addAccountFlag(c)
	days := c.Flags().Int("days", policy.DefaultCalendarDays, fmt.Sprintf("how far to look ahead, 1 to %d", policy.MaxCalendarDays))
	complete(c, "account", p.accountIDs(access))
	out := addListing(p, c, "expiries and notices in this time",
		column[api.CalendarEntry]{name: "at", head: "time", of: func(e api.CalendarEntry) any { return e.At }},
		column[api.CalendarEntry]{name: "kind", head: "what", of: func(e api.CalendarEntry) any {
			if e.DaysBefore > 0 {
				return fmt.Sprintf("%s, %d d before", e.Kind, e.DaysBefore)
			}
			return string(e.Kind)
		}},
		column[api.CalendarEntry]{name: "client_id", of: func(e api.CalendarEntry) any { return e.ClientID }},
		column[api.CalendarEntry]{name: "tenant_id", head: "tenant", of: func(e api.CalendarEntry) any { return e.TenantID }, rank: 3},
		column[api.CalendarEntry]{name: "email", head: "owner", of: func(e api.CalendarEntry) any { return e.Email }, rank: 1, cut: true},
		column[api.CalendarEntry]{name: "label", of: func(e api.CalendarEntry) any { return e.Label }, rank: 2, cut: true},
		column[api.CalendarEntry]{name: "days_before", more: true},
	)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		query := url.Values{"days": {strconv.Itoa(*days)}}
		items, err := server.list(c.Context(), server.accountPath(*account, "calendar"), query, 0)
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}
