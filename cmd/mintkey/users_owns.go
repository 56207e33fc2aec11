package main

import (
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) usersOwnsCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "owns USER",
		Short: "List the access keys that a user owns, in all tenants",
		Long: "List the access keys that a user owns, in all tenants of the account. Before somebody leaves, each of them can be\n" +
			"given to somebody else (mintkey keys transfer) or revoked; deleting the user revokes them all.",
		Example: "  mintkey users owns grace",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	columns := slices.DeleteFunc(keyColumns(), func(k column[api.Key]) bool { return k.name == "user_name" || k.name == "email" })
	out := addListing(p, c, "access keys", columns...)
	out.show("tenant_id")
	c.RunE = func(c *cobra.Command, args []string) error {
		server, user, err := p.connectForUser(c.Context(), access, *account, args[0])
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), server.accountPath(*account, "users", user, "keys"), url.Values{}, 0)
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}
