package main

import (
	"cmp"
	"net/url"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

// keysFlags are shared by the commands about access keys.
type keysFlags struct {
	access *accessFlags
	tenant string
	mine   bool
}

func (p *program) keysCommand() *cobra.Command {
	c := group("keys", "List, show, create, change, refresh, suspend, transfer and revoke access keys")
	f := &keysFlags{access: addAccessFlags(c)}
	addTenantFlag(c, &f.tenant)
	c.AddCommand(p.keysListCommand(f), p.keysShowCommand(f), p.keysCreateCommand(f), p.keysEditCommand(f),
		p.keysRefreshCommand(f), p.keysEndOverlapCommand(f), p.keysRotateCommand(f), p.keysSuspendCommand(f), p.keysResumeCommand(f),
		p.keysTransferCommand(f), p.keysRevokeCommand(f), p.keysNeedsRefreshCommand(f))
	return c
}

func addTenantFlag(c *cobra.Command, tenant *string) {
	c.PersistentFlags().StringVar(tenant, "tenant", "", "tenant (default: that of the access key in use)")
}

func addMineFlag(c *cobra.Command, f *keysFlags) {
	c.Flags().BoolVar(&f.mine, "mine", false, "only your own keys in the token's tenant, for which scope self is enough")
}

// keysPath is the path of the keys of the tenant, or of one's own keys.
func (c *client) keysPath(f *keysFlags, parts ...string) string {
	at := []string{"admin", "v1", "tenants", cmp.Or(f.tenant, c.claims.TenantID), "keys"}
	if f.mine {
		at = []string{"me", "v1", "keys"}
	}
	return path(append(at, parts...)...)
}

func (p *program) keysListCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List access keys", Args: arguments(cobra.NoArgs)}
	addMineFlag(c, f)
	user := c.Flags().String("user", "", "only those of this user ID")
	status := c.Flags().String("status", "", "only active, suspended or expired ones")
	text := c.Flags().String("search", "", "only those with this text in client ID, name, e-mail or label")
	c.RunE = func(c *cobra.Command, _ []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"user_id": *user, "status": *status, "q": *text} {
			if value != "" {
				query.Set(name, value)
			}
		}
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), server.keysPath(f), query, 0)
		if err != nil {
			return err
		}
		header := []string{"CLIENT ID", "USER", "EMAIL", "LABEL", "STATUS", "CREATED", "LAST ACCESS", "EXPIRES", "MARKS"}
		return printItems(p, items, header, func(k api.Key) []string {
			return []string{
				k.ClientID, k.UserName, k.Email, k.Label, string(k.Status), showTime(&k.CreatedAt), showTime(k.LastAccessAt),
				showTime(k.ExpiresAt), words(k.Marks),
			}
		})
	}
	return c
}
