package main

import (
	"net/url"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) passwordLoginsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "password-logins",
		Short: "List who still fetches tokens with a password, how often, and from where",
		Long: "List the members of a tenant whose programs still fetch tokens with a password, which tenants of release 24.3 and later don't\n" +
			"have any more: these programs need an access key first.",
		Example: "  mintkey password-logins --tenant berlin",
		Args:    arguments(cobra.NoArgs),
	}
	access := addAccessFlags(c)
	var tenant string
	p.addTenantFlag(c, access, &tenant)
	out := addListing(p, c, "logins with a password",
		column[api.PasswordLogin]{name: "user_id"},
		column[api.PasswordLogin]{name: "name", of: func(l api.PasswordLogin) any { return l.Name }, rank: 2, cut: true},
		column[api.PasswordLogin]{name: "email", of: func(l api.PasswordLogin) any { return l.Email }, rank: 3, cut: true},
		column[api.PasswordLogin]{name: "count", of: func(l api.PasswordLogin) any { return l.Count }, rank: 1},
		column[api.PasswordLogin]{name: "last_at", head: "last", of: func(l api.PasswordLogin) any { return l.LastAt }},
		column[api.PasswordLogin]{name: "address", head: "from", of: func(l api.PasswordLogin) any { return l.Address }},
	)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), server.tenantPath(tenant, "password-logins"), url.Values{}, 0)
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}
