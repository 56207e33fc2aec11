package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

// accountPath is a path below an account, which is that of the token by default.
func (c *client) accountPath(account string, parts ...string) string {
	return path(append([]string{"admin", "v1", "accounts", cmp.Or(account, c.claims.AccountID)}, parts...)...)
}

func (p *program) tenantsCommand() *cobra.Command {
	c := group("tenants", "List, show, create, change and suspend tenants")
	access, account := addAccessFlags(c), addAccountFlag(c)
	complete(c, "account", p.accountIDs(access))
	named := []*cobra.Command{
		p.tenantsShowCommand(access), p.tenantsEditCommand(access), p.tenantsSuspendCommand(access), p.tenantsResumeCommand(access),
	}
	for _, one := range named {
		completeOne(one, p.tenantIDs(access, account))
	}
	c.AddCommand(p.tenantsListCommand(access, account), p.tenantsCreateCommand(access, account))
	c.AddCommand(named...)
	return c
}

func (p *program) tenantsListCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the tenants of the account", Args: arguments(cobra.NoArgs)}
	out := addListing(p, c, "tenants",
		column[api.Tenant]{name: "id"},
		column[api.Tenant]{name: "name", of: func(t api.Tenant) any { return t.Name }, rank: 4, cut: true},
		column[api.Tenant]{name: "release", of: func(t api.Tenant) any { return t.Release }, rank: 2},
		column[api.Tenant]{name: "password_grant", head: "passwords", of: func(t api.Tenant) any {
			return map[bool]string{true: "allowed", false: "no"}[t.PasswordGrant]
		}, rank: 3},
		column[api.Tenant]{name: "tokens_per_minute", head: "quota", more: true},
		column[api.Tenant]{name: "notice_addresses", head: "notices", more: true},
		column[api.Tenant]{name: "created_at", head: "created", of: func(t api.Tenant) any { return t.CreatedAt }, rank: 1},
		column[api.Tenant]{name: "suspended_at", head: "suspended", of: func(t api.Tenant) any { return t.At }},
	)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), server.accountPath(*account, "tenants"), url.Values{}, 0)
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}

func (p *program) tenantsShowCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "show [TENANT]",
		Short: "Show a tenant (default: that of the access key in use)",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodGet, server.tenantPath(firstOf(args)), nil)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, p.showTenant)
	}
	return c
}

// tenantPath is a path below a tenant, which is that of the token by default.
func (c *client) tenantPath(tenant string, parts ...string) string {
	return path(append([]string{"admin", "v1", "tenants", cmp.Or(tenant, c.claims.TenantID)}, parts...)...)
}

func (p *program) showTenant(w io.Writer, t api.Tenant) {
	passwords := "refused: its programs need access keys"
	if t.PasswordGrant {
		passwords = "allowed, because of its release"
	}
	suspended := ""
	if t.Suspended {
		suspended = fmt.Sprintf("since %s by %s: %s", p.when(t.At), cmp.Or(t.By, "a command on the store"),
			cmp.Or(t.Reason, "no reason given"))
	}
	showFacts(w, [][2]string{
		{"ID", t.ID},
		{"Name", t.Name},
		{"Account", t.AccountID},
		{"Release", t.Release},
		{"Passwords", passwords},
		{"Quota", quotaWords(t.TokensPerMinute)},
		{"Notices", "to owners and to " + noticeWords(t.NoticeAddresses)},
		{"Created", p.when(&t.CreatedAt)},
		{"Suspended", suspended},
	})
}

func (p *program) tenantsCreateCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:     "create",
		Short:   "Create a tenant",
		Example: "  mintkey tenants create --id berlin --name \"Berlin tests\" --release 24.3",
		Args:    arguments(cobra.NoArgs),
	}
	withOutputs(c, outputCSV, outputName)
	id := c.Flags().String("id", "", "ID (default: one is made)")
	name := c.Flags().String("name", "", "name")
	release := c.Flags().String("release", "", "product release, such as 24.3, 2023.07 or 24.3.1; it never changes")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "name", "release"); err != nil {
			return err
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		wanted := api.NewTenant{ID: *id, Name: *name, Release: *release}
		answer, err := server.call(c.Context(), http.MethodPost, server.accountPath(*account, "tenants"), wanted)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, t api.Tenant) {
			_, _ = fmt.Fprintf(w, "Created tenant %s (%s, release %s).\n", t.ID, t.Name, t.Release)
		})
	}
	return c
}
