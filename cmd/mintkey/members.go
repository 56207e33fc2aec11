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

func (c *client) membersPath(tenant string, parts ...string) string {
	return c.tenantPath(tenant, append([]string{"members"}, parts...)...)
}

func (p *program) membersCommand() *cobra.Command {
	c := group("members", "List, set and remove the members of a tenant")
	var tenant string
	access := addAccessFlags(c)
	p.addTenantFlag(c, access, &tenant)
	set, remove := p.membersSetCommand(access, &tenant), p.membersRemoveCommand(access, &tenant)
	completeOne(set, p.userIDs(access, new(string)))
	completeOne(remove, p.memberIDs(access, &tenant))
	c.AddCommand(p.membersListCommand(access, &tenant), set, remove)
	return c
}

func (p *program) membersListCommand(access *accessFlags, tenant *string) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the members of the tenant", Args: arguments(cobra.NoArgs)}
	out := addListing(p, c, "members",
		column[api.Member]{name: "user_id"},
		column[api.Member]{name: "name", of: func(m api.Member) any { return m.Name }, rank: 2, cut: true},
		column[api.Member]{name: "email", of: func(m api.Member) any { return m.Email }, rank: 1, cut: true},
		column[api.Member]{name: "role", of: func(m api.Member) any { return string(m.Role) }},
		column[api.Member]{name: "joined_at", head: "joined", of: func(m api.Member) any { return m.JoinedAt }, rank: 3},
	)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), server.membersPath(*tenant), url.Values{}, 0)
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}

func (p *program) membersSetCommand(access *accessFlags, tenant *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "set USER",
		Short: "Make a user a member of the tenant, or change the role",
		Long: "Make a user a member of the tenant, or change the role. USER is an ID or an e-mail address. A member with a lesser role\n" +
			"keeps the access keys; they do what the role allows from then on.",
		Example: "  mintkey members set grace --role tenant_admin\n  mintkey members set grace@example.com --tenant lisbon",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	role := c.Flags().String("role", string(policy.RoleMember), "member or tenant_admin")
	p.complete(c, "role", fixed(policy.RoleMember, policy.RoleTenantAdmin))
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		user, err := server.userID(c.Context(), "", args[0])
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPut, server.membersPath(*tenant, user), api.MemberChange{Role: policy.Role(*role)})
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
	c := &cobra.Command{
		Use:   "remove USER",
		Short: "Remove a user from the tenant and revoke the user's access keys there",
		Long: "Remove a user from the tenant and revoke the user's access keys there, which nothing undoes. USER is an ID or an e-mail\n" +
			"address. At a terminal it says which keys these are, and asks.",
		Args: arguments(cobra.ExactArgs(1)),
	}
	asks := p.addYesFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		user, err := server.userID(c.Context(), "", args[0])
		if err != nil {
			return err
		}
		if err := asks.beforeRemoval(c.Context(), server, *tenant, user); err != nil {
			return err
		}
		if _, err := server.call(c.Context(), http.MethodDelete, server.membersPath(*tenant, user), nil); err != nil {
			return err
		}
		return p.print(map[string]string{"removed": user}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "Removed %s, with the user's access keys there.\n", user)
		})
	}
	return c
}
