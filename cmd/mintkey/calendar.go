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
	c := &cobra.Command{Use: "calendar", Short: "List the coming expiries and notices of the account", Args: arguments(cobra.NoArgs)}
	access, account := addAccessFlags(c), addAccountFlag(c)
	days := c.Flags().Int("days", policy.DefaultCalendarDays, fmt.Sprintf("how far to look ahead, 1 to %d", policy.MaxCalendarDays))
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
		return printItems(p, items, []string{"TIME", "WHAT", "CLIENT ID", "TENANT", "OWNER", "LABEL"}, func(e api.CalendarEntry) []string {
			what := string(e.Kind)
			if e.DaysBefore > 0 {
				what = fmt.Sprintf("%s, %d d before", e.Kind, e.DaysBefore)
			}
			return []string{showTime(&e.At), what, e.ClientID, e.TenantID, e.Email, e.Label}
		})
	}
	return c
}
