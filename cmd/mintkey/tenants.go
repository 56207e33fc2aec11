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

func addAccountFlag(c *cobra.Command) *string {
	return c.PersistentFlags().String("account", "", "account (default: that of the access key in use)")
}

// accountPath is a path below an account, which is that of the token by default.
func (c *client) accountPath(account string, parts ...string) string {
	return path(append([]string{"admin", "v1", "accounts", cmp.Or(account, c.claims.AccountID)}, parts...)...)
}

func (p *program) tenantsCommand() *cobra.Command {
	c := group("tenants", "List, create, change and suspend tenants")
	access, account := addAccessFlags(c), addAccountFlag(c)
	c.AddCommand(p.tenantsListCommand(access, account), p.tenantsCreateCommand(access, account), p.tenantsEditCommand(access),
		p.tenantsSuspendCommand(access), p.tenantsResumeCommand(access))
	return c
}

func (p *program) tenantsListCommand(access *accessFlags, account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tenants of the account",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := p.connect(c.Context(), access)
			if err != nil {
				return err
			}
			items, err := server.list(c.Context(), server.accountPath(*account, "tenants"), url.Values{}, 0)
			if err != nil {
				return err
			}
			return printItems(p, items, []string{"ID", "NAME", "RELEASE", "PASSWORDS", "CREATED", "SUSPENDED"}, func(t api.Tenant) []string {
				passwords := "no"
				if t.PasswordGrant {
					passwords = "allowed"
				}
				return []string{t.ID, t.Name, t.Release, passwords, showTime(&t.CreatedAt), showTime(t.At)}
			})
		},
	}
}

func (p *program) tenantsCreateCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:     "create",
		Short:   "Create a tenant",
		Example: "  mintkey tenants create --id berlin --name \"Berlin tests\" --release 24.3",
		Args:    arguments(cobra.NoArgs),
	}
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
