package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
)

// calendarEntry is an expiry, or a notice some days before one.
type calendarEntry struct {
	At         *time.Time `json:"at"`
	Kind       string     `json:"kind"`
	DaysBefore int        `json:"days_before"`
	ClientID   string     `json:"client_id"`
	TenantID   string     `json:"tenant_id"`
	Email      string     `json:"email"`
	Label      string     `json:"label"`
}

func (p *program) calendarCommand() *cobra.Command {
	c := &cobra.Command{Use: "calendar", Short: "List the coming expiries and notices of the account", Args: arguments(cobra.NoArgs)}
	access, account := addAccessFlags(c), addAccountFlag(c)
	days := c.Flags().Int("days", policy.DefaultCalendarDays, fmt.Sprintf("how far to look ahead, 1 to %d", policy.MaxCalendarDays))
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		query := url.Values{"days": {strconv.Itoa(*days)}}
		items, err := api.list(c.Context(), api.accountPath(*account, "calendar"), query, 0)
		if err != nil {
			return err
		}
		return printItems(p, items, []string{"TIME", "WHAT", "CLIENT ID", "TENANT", "OWNER", "LABEL"}, func(e calendarEntry) []string {
			what := e.Kind
			if e.DaysBefore > 0 {
				what = fmt.Sprintf("%s, %d d before", e.Kind, e.DaysBefore)
			}
			return []string{showTime(e.At), what, e.ClientID, e.TenantID, e.Email, e.Label}
		})
	}
	return c
}
