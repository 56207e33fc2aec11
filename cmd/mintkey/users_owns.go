package main

import (
	"net/url"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) usersOwnsCommand(access *accessFlags, account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "owns USER",
		Short: "List the access keys that a user owns, in all tenants",
		Long: "List the access keys that a user owns, in all tenants of the account. Before somebody leaves, each of them can be\n" +
			"given to somebody else (mintkey keys transfer) or revoked; deleting the user revokes them all.",
		Example: "  mintkey users owns grace",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := p.connect(c.Context(), access)
			if err != nil {
				return err
			}
			items, err := server.list(c.Context(), server.accountPath(*account, "users", args[0], "keys"), url.Values{}, 0)
			if err != nil {
				return err
			}
			header := []string{"TENANT", "CLIENT ID", "LABEL", "STATUS", "CREATED", "LAST ACCESS", "EXPIRES"}
			return printItems(p, items, header, func(k api.Key) []string {
				return []string{
					k.TenantID, k.ClientID, k.Label, string(k.Status), showTime(&k.CreatedAt), showTime(k.LastAccessAt), showTime(k.ExpiresAt),
				}
			})
		},
	}
}
