package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

func (c *client) membersPath(tenant string, parts ...string) string {
	return path(append([]string{"admin", "v1", "tenants", cmp.Or(tenant, c.claims.TenantID), "members"}, parts...)...)
}

func (p *program) membersCommand() *cobra.Command {
	c := group("members", "List, set and remove the members of a tenant")
	var tenant string
	access := addAccessFlags(c)
	addTenantFlag(c, &tenant)
	c.AddCommand(p.membersListCommand(access, &tenant), p.membersSetCommand(access, &tenant), p.membersRemoveCommand(access, &tenant))
	return c
}

func (p *program) membersListCommand(access *accessFlags, tenant *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the members of the tenant",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := p.connect(c.Context(), access)
			if err != nil {
				return err
			}
			items, err := server.list(c.Context(), server.membersPath(*tenant), url.Values{}, 0)
			if err != nil {
				return err
			}
			return printItems(p, items, []string{"USER ID", "NAME", "EMAIL", "ROLE", "JOINED"}, func(m api.Member) []string {
				return []string{m.UserID, m.Name, m.Email, string(m.Role), showTime(&m.JoinedAt)}
			})
		},
	}
}

func (p *program) membersSetCommand(access *accessFlags, tenant *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "set USER_ID",
		Short: "Make a user a member of the tenant, or change the role",
		Args:  arguments(cobra.ExactArgs(1)),
	}
	role := c.Flags().String("role", "member", "member or tenant_admin")
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPut, server.membersPath(*tenant, args[0]), api.MemberChange{Role: policy.Role(*role)})
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, m api.Member) {
			_, _ = fmt.Fprintf(w, "%s is %s of tenant %s.\n", m.UserID, m.Role, m.TenantID)
		})
	}
	return c
}

func (p *program) membersRemoveCommand(access *accessFlags, tenant *string) *cobra.Command {
	return &cobra.Command{
		Use:   "remove USER_ID",
		Short: "Remove a user from the tenant and revoke the user's access keys there",
		Args:  arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := p.connect(c.Context(), access)
			if err != nil {
				return err
			}
			if _, err := server.call(c.Context(), http.MethodDelete, server.membersPath(*tenant, args[0]), nil); err != nil {
				return err
			}
			return p.print(map[string]string{"removed": args[0]}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "Removed %s, with the user's access keys there.\n", args[0])
			})
		},
	}
}
