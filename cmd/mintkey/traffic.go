package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) trafficCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "traffic",
		Short: "Count the tokens that were issued and refused, by time and by access key",
		Long: "Counts the tokens of a tenant, or with --account of a whole account. With -o csv the counts by time are a table\n" +
			"for spreadsheets, with a column for each reason for a refusal.",
		Example: "  mintkey traffic --range 7d\n  mintkey traffic --account acme --range 30d -o csv > traffic.csv",
		Args:    arguments(cobra.NoArgs),
	}
	access := addAccessFlags(c)
	var tenant string
	p.addTenantFlag(c, access, &tenant)
	withOutputs(c, outputCSV)
	account := c.Flags().String("account", "", "a whole account; with --tenant, that tenant of it")
	span := c.Flags().String("range", "24h", "how far to look back: 1h, 24h, 7d, 30d or 90d")
	key := c.Flags().String("key", "", "of the access key with this client ID only")
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		query := url.Values{"range": {*span}}
		if *key != "" {
			query.Set("client_id", *key)
		}
		at := path("admin", "v1", "tenants", cmp.Or(tenant, server.claims.TenantID), "traffic")
		if *account != "" {
			at = server.accountPath(*account, "traffic")
			if tenant != "" {
				query.Set("tenant_id", tenant)
			}
		}
		if p.output == outputCSV {
			query.Set("format", outputCSV)
		}
		answer, err := server.call(c.Context(), http.MethodGet, at+"?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		if p.output == outputCSV {
			_, err = io.WriteString(p.stdout, forTerminal(string(answer)))
			return err
		}
		return printAnswer(p, answer, showTraffic)
	}
	return c
}

func showTraffic(w io.Writer, t api.Traffic) {
	row := func(name string, counts api.TrafficCounts) []string {
		return []string{name, strconv.FormatInt(counts.Issued, 10), strconv.FormatInt(counts.Refused, 10)}
	}
	var steps, parts [][]string
	for _, step := range t.Steps {
		steps = append(steps, row(showTime(&step.From), step.TrafficCounts))
	}
	table(w, []string{"FROM", "ISSUED", "REFUSED"}, append(steps, row("total", t.Total)))
	for _, part := range t.Parts {
		parts = append(parts, row(cmp.Or(part.ClientID, part.TenantID), part.TrafficCounts))
	}
	if t.Others.Issued+t.Others.Refused > 0 {
		parts = append(parts, row("all others", t.Others))
	}
	if len(parts) > 0 {
		what := "CLIENT ID"
		if t.TenantID == "" {
			what = "TENANT"
		}
		_, _ = fmt.Fprintln(w)
		table(w, []string{what, "ISSUED", "REFUSED"}, parts)
	}
}
