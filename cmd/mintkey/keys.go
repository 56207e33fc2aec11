package main

import (
	"cmp"

	"github.com/spf13/cobra"
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
	p.addTenantFlag(c, f.access, &f.tenant)
	ofTenant := []*cobra.Command{
		p.keysShowCommand(f), p.keysExpiryCommand(f), p.keysEditCommand(f), p.keysRefreshCommand(f), p.keysEndOverlapCommand(f),
		p.keysSuspendCommand(f), p.keysResumeCommand(f), p.keysTransferCommand(f),
	}
	for _, one := range ofTenant {
		completeOne(one, p.clientIDs(f))
	}
	revoke := p.keysRevokeCommand(f)
	completeEach(revoke, p.clientIDs(f))
	needsRefresh := p.keysNeedsRefreshCommand(f)
	completeOne(needsRefresh, p.clientIDs(f))
	c.AddCommand(p.keysListCommand(f), p.keysCreateCommand(f), p.keysRotateCommand(f), needsRefresh, revoke)
	c.AddCommand(ofTenant...)
	return c
}

func (p *program) addTenantFlag(c *cobra.Command, access *accessFlags, tenant *string) {
	c.PersistentFlags().StringVar(tenant, "tenant", "", "tenant (default: that of the access key in use)")
	complete(c, "tenant", p.tenantIDs(access, new(string)))
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
