package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

// change has the flags of set and preview.
type change struct {
	off, acknowledge bool
	days             int
}

func (p *program) policyCommand() *cobra.Command {
	c := group("policy", "Show, change and preview the expiration policy of the account")
	access, account := addAccessFlags(c), addAccountFlag(c)
	complete(c, "account", p.accountIDs(access))
	c.AddCommand(p.policyGetCommand(access, account), p.policySetCommand(access, account), p.policyPreviewCommand(access, account))
	return c
}

func (p *program) policyGetCommand(access *accessFlags, account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "get",
		Short: "Show the expiration policy and its history",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := p.connect(c.Context(), access)
			if err != nil {
				return err
			}
			answer, err := server.call(c.Context(), http.MethodGet, server.accountPath(*account, "expiration-policy"), nil)
			if err != nil {
				return err
			}
			return printAnswer(p, answer, showPolicy)
		},
	}
}

func (p *program) policySetCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "set",
		Short: "Change the expiration policy; preview shows the keys that this would hit",
		Long: "Change the expiration policy of the account. Where an access key would expire sooner than now, and before the policy is\n" +
			"turned off, it says at a terminal how many are hit and which expires first, and asks.",
		Example: "  mintkey policy set --period 180\n  mintkey policy set --off --acknowledge-risk",
		Args:    arguments(cobra.NoArgs),
	}
	wanted, asks := addChangeFlags(c), p.addYesFlag(c)
	c.Flags().BoolVar(&wanted.acknowledge, "acknowledge-risk", false, "accept that access keys never expire (with --off)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := p.beforePolicy(c, access, *account, wanted, asks); err != nil {
			return err
		}
		answer, err := p.putPolicy(c, access, *account, wanted, "")
		if no := (*refused)(nil); errors.As(err, &no) && no.code == "acknowledgement_required" {
			return fmt.Errorf("%w (here: --acknowledge-risk)", err)
		}
		if err != nil {
			return err
		}
		return printAnswer(p, answer, showPolicy)
	}
	return c
}

// beforePolicy says whom the change hits and asks, unless it only gives access keys more time.
func (p *program) beforePolicy(c *cobra.Command, access *accessFlags, account string, wanted *change, asks *asker) error {
	if !asks.asks() || wanted.off && !wanted.acknowledge { // the server refuses that, and says why
		return nil
	}
	answer, err := p.putPolicy(c, access, account, wanted, "?dry_run=true")
	if err != nil {
		return err
	}
	var preview api.PolicyPreview
	if err := json.Unmarshal(answer, &preview); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	words, harms := asks.policyWords(preview.Affected, wanted)
	if !harms {
		return nil
	}
	return asks.confirm(c.Context(), words, "")
}

func (p *program) policyPreviewCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:     "preview",
		Short:   "Show which access keys a change of the policy would hit, soonest expiry first",
		Example: "  mintkey policy preview --period 90",
		Args:    arguments(cobra.NoArgs),
	}
	wanted := addChangeFlags(c)
	out := addListing(p, c, "access keys that the change would hit",
		column[api.AffectedKey]{name: "client_id"},
		column[api.AffectedKey]{name: "tenant_id", head: "tenant", of: func(k api.AffectedKey) any { return k.TenantID }, rank: 1},
		column[api.AffectedKey]{name: "user_id", head: "user", of: func(k api.AffectedKey) any { return k.UserID }, rank: 2},
		column[api.AffectedKey]{name: "expires_at_before", head: "expires now", of: func(k api.AffectedKey) any { return k.ExpiresAtBefore }},
		column[api.AffectedKey]{name: "expires_at_after", head: "would expire", of: func(k api.AffectedKey) any { return k.ExpiresAtAfter }},
	)
	c.RunE = func(c *cobra.Command, _ []string) error {
		answer, err := p.putPolicy(c, access, *account, wanted, "?dry_run=true")
		if err != nil {
			return err
		}
		var preview struct {
			Affected []json.RawMessage `json:"affected"`
		}
		if err := json.Unmarshal(answer, &preview); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		switch p.output {
		case outputJSON, outputYAML:
			return p.print(json.RawMessage(answer), nil)
		case outputTable:
			err = p.write(fmt.Sprintf("Access keys that the change would hit: %d\n", len(preview.Affected)))
			if err != nil || len(preview.Affected) == 0 {
				return err
			}
		}
		return out.print(preview.Affected)
	}
	return c
}

func addChangeFlags(c *cobra.Command) *change {
	var wanted change
	c.Flags().IntVar(&wanted.days, "period", 0, fmt.Sprintf("turn the policy on, with this period in days: %d to %d in steps of %d",
		policy.MinPeriodDays, policy.MaxPeriodDays, policy.PeriodStepDays))
	c.Flags().BoolVar(&wanted.off, "off", false, "turn the policy off")
	return &wanted
}

func (p *program) putPolicy(
	c *cobra.Command, access *accessFlags, account string, wanted *change, query string,
) (answer []byte, err error) {
	if wanted.off == c.Flag("period").Changed {
		return nil, usagef("give either --period or --off")
	}
	server, err := p.connect(c.Context(), access)
	if err != nil {
		return nil, err
	}
	body := api.PolicyChange{Enabled: new(!wanted.off), AcknowledgeRisk: wanted.acknowledge}
	if !wanted.off {
		body.PeriodDays = &wanted.days
	}
	return server.call(c.Context(), http.MethodPut, server.accountPath(account, "expiration-policy")+query, body)
}

func showPolicy(w io.Writer, p api.Policy) {
	_, _ = fmt.Fprintf(w, "%s\n\n", sentence(p.Enabled, p.PeriodDays))
	var rows [][]string
	for _, r := range p.Revisions {
		rows = append(rows, []string{showTime(&r.At), sentence(r.Enabled, r.PeriodDays)})
	}
	table(w, []string{"SINCE", "POLICY"}, rows)
}

func sentence(enabled bool, days int) string {
	if !enabled {
		return "Access keys never expire."
	}
	return fmt.Sprintf("Access keys expire %d days after their secret was made.", days)
}
