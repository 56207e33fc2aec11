package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

type tenant struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Release       string     `json:"release"`
	PasswordGrant bool       `json:"password_grant"`
	CreatedAt     *time.Time `json:"created_at"`
}

func addAccountFlag(c *cobra.Command) *string {
	return c.PersistentFlags().String("account", "", "account (default: that of the access key in use)")
}

// accountPath is a path below an account, which is that of the token by default.
func (c *client) accountPath(account string, parts ...string) string {
	return path(append([]string{"admin", "v1", "accounts", cmp.Or(account, c.claims.AccountID)}, parts...)...)
}

func (p *program) tenantsCommand() *cobra.Command {
	c := group("tenants", "List and create tenants")
	access, account := addAccessFlags(c), addAccountFlag(c)
	c.AddCommand(p.tenantsListCommand(access, account), p.tenantsCreateCommand(access, account))
	return c
}

func (p *program) tenantsListCommand(access *accessFlags, account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tenants of the account",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := p.connect(c.Context(), access)
			if err != nil {
				return err
			}
			items, err := api.list(c.Context(), api.accountPath(*account, "tenants"), url.Values{}, 0)
			if err != nil {
				return err
			}
			return printItems(p, items, []string{"ID", "NAME", "RELEASE", "PASSWORDS", "CREATED"}, func(t tenant) []string {
				passwords := "no"
				if t.PasswordGrant {
					passwords = "allowed"
				}
				return []string{t.ID, t.Name, t.Release, passwords, showTime(t.CreatedAt)}
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
	release := c.Flags().String("release", "", "product release, year.number; it never changes")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "name", "release"); err != nil {
			return err
		}
		api, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		body := map[string]any{"name": *name, "release": *release}
		if *id != "" {
			body["id"] = *id
		}
		answer, err := api.call(c.Context(), http.MethodPost, api.accountPath(*account, "tenants"), body)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, t tenant) {
			_, _ = fmt.Fprintf(w, "Created tenant %s (%s, release %s).\n", t.ID, t.Name, t.Release)
		})
	}
	return c
}
