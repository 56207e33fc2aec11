package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

func addAccountFlag(c *cobra.Command) *string {
	return c.PersistentFlags().String("account", "", "account (default: that of the access key in use)")
}

func (p *program) accountsCommand() *cobra.Command {
	c := group("accounts", "List, show, create and change accounts")
	access := addAccessFlags(c)
	show, edit := p.accountsShowCommand(access), p.accountsEditCommand(access)
	completeOne(show, p.accountIDs(access))
	completeOne(edit, p.accountIDs(access))
	c.AddCommand(p.accountsListCommand(access), show, p.accountsCreateCommand(access), edit)
	return c
}

func (p *program) accountsListCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List accounts: all of them for operators, else one's own",
		Args:  arguments(cobra.NoArgs),
	}
	out := addListing(p, c, "accounts",
		column[api.Account]{name: "id"},
		column[api.Account]{name: "name", of: func(a api.Account) any { return a.Name }, cut: true},
		column[api.Account]{name: "created_at", head: "created", of: func(a api.Account) any { return a.CreatedAt }, rank: 2},
		column[api.Account]{name: "second_factor", of: func(a api.Account) any { return string(a.SecondFactor) }, rank: 1},
	)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), path("admin", "v1", "accounts"), url.Values{}, 0)
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}

func (p *program) accountsShowCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "show [ACCOUNT]",
		Short: "Show an account (default: that of the access key in use)",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodGet, server.accountPath(firstOf(args)), nil)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, p.showAccount)
	}
	return c
}

// firstOf is the first argument, if there is one.
func firstOf(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (p *program) showAccount(w io.Writer, a api.Account) {
	showFacts(w, [][2]string{
		{"ID", a.ID},
		{"Name", a.Name},
		{"Created", p.when(&a.CreatedAt)},
		{"Second factor", string(a.SecondFactor)},
	})
}

func (p *program) accountsCreateCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "create",
		Short:   "Create an account (operators)",
		Example: "  mintkey accounts create --id acme --name \"Acme Corp.\"",
		Args:    arguments(cobra.NoArgs),
	}
	withOutputs(c, outputCSV, outputName)
	id := c.Flags().String("id", "", "ID (default: one is made)")
	name := c.Flags().String("name", "", "name")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "name"); err != nil {
			return err
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPost, path("admin", "v1", "accounts"), api.NewAccount{ID: *id, Name: *name})
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, a api.Account) {
			_, _ = fmt.Fprintf(w, "Created account %s (%s).\nNext, somebody to administer it:\n"+
				"  mintkey users create --account %s --roles account_admin --email …\n", a.ID, a.Name, a.ID)
		})
	}
	return c
}

func (p *program) accountsEditCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "edit [ACCOUNT]",
		Short:   "Change an account (default: that of the access key in use)",
		Example: "  mintkey accounts edit --second-factor required_for_admins",
		Args:    arguments(cobra.MaximumNArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	rules := []policy.SecondFactorRule{policy.SecondFactorOptional, policy.SecondFactorRequiredForAdmins}
	rule := c.Flags().String("second-factor", "", "of whom the console asks for a second factor: "+words(rules[:1])+" or "+words(rules[1:]))
	p.complete(c, "second-factor", fixed(rules...))
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := needFlags(c, "second-factor"); err != nil {
			return err
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		wanted := api.AccountChange{SecondFactor: new(policy.SecondFactorRule(*rule))}
		answer, err := server.call(c.Context(), http.MethodPatch, server.accountPath(firstOf(args)), wanted)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, p.showAccount)
	}
	return c
}
