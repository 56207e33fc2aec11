package main

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
)

func (p *program) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "audit",
		Short:   "List who changed what in the account, newest first",
		Example: "  mintkey audit --since 24h --action key.created",
		Args:    arguments(cobra.NoArgs),
	}
	access, account := addAccessFlags(c), addAccountFlag(c)
	c.AddCommand(p.auditFollowCommand(access, account), p.auditVerifyCommand())
	limit := c.Flags().Uint("limit", 100, "at most this many; 0 is all")
	since := c.Flags().String("since", "", "not before: a time such as 2026-01-31T00:00:00Z, or how long ago, such as 24h")
	filters := map[string]*string{
		"actor":     c.Flags().String("actor", "", "done by this user ID or client ID"),
		"action":    c.Flags().String("action", "", "this action, such as key.created"),
		"client_id": c.Flags().String("key", "", "about the access key with this client ID"),
		"tenant_id": c.Flags().String("tenant", "", "in this tenant"),
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		query := url.Values{}
		for name, value := range filters {
			if *value != "" {
				query.Set(name, *value)
			}
		}
		if *since != "" {
			at, err := parseSince(*since, p.clock())
			if err != nil {
				return err
			}
			query.Set("since", at.UTC().Format(time.RFC3339))
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), server.accountPath(*account, "audit"), query, int(*limit))
		if err != nil {
			return err
		}
		return printItems(p, items, []string{"TIME", "ACTION", "BY", "FROM", "TENANT", "USER", "KEY", "DETAILS"}, eventRow)
	}
	return c
}

func parseSince(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usagef("--since %q: must be a time such as 2026-01-31T00:00:00Z, or a duration such as 24h", text)
	}
	return at, nil
}

func eventRow(e policy.Event) []string {
	by, from := e.Actor.UserID, e.Actor.Via
	if by == "" {
		by = "-"
	}
	if e.Actor.Address != "" {
		from += " " + e.Actor.Address
	}
	at := e.At.UTC().Format("2006-01-02 15:04:05 UTC")
	return []string{at, string(e.Action), by, from, e.TenantID, e.UserID, e.ClientID, details(e.Details)}
}

func details(values map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, name+"="+values[name])
	}
	return strings.Join(parts, " ")
}
