package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

// keyColumns are those of access keys.
func keyColumns() []column[api.Key] {
	return []column[api.Key]{
		{name: "client_id"},
		{name: "tenant_id", head: "tenant", more: true},
		{name: "user_name", head: "user", of: func(k api.Key) any { return k.UserName }, rank: 2, cut: true},
		{name: "email", of: func(k api.Key) any { return k.Email }, rank: 6, cut: true},
		{name: "label", of: func(k api.Key) any { return k.Label }, rank: 3, cut: true},
		{name: "status", of: func(k api.Key) any { return string(k.Status) }},
		{name: "created_at", head: "created", of: func(k api.Key) any { return k.CreatedAt }, rank: 5},
		{name: "last_access_at", head: "last access", of: func(k api.Key) any { return k.LastAccessAt }, rank: 1},
		{name: "expires_at", head: "expires", of: func(k api.Key) any { return k.ExpiresAt }},
		{name: "marks", of: func(k api.Key) any { return words(k.Marks) }, rank: 4},
	}
}

func (p *program) keysListCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List access keys",
		Example: "  mintkey keys list --search ada\n  mintkey keys list --all-tenants --columns tenant_id,client_id,scopes -o csv\n" +
			"  mintkey keys list --status expired -o name",
		Args: arguments(cobra.NoArgs),
	}
	addMineFlag(c, f)
	user := c.Flags().String("user", "", "only those of this user: ID or e-mail address")
	status := c.Flags().String("status", "", "only active, suspended or expired ones")
	text := c.Flags().String("search", "", "only those with this text in client ID, name, e-mail or label")
	everywhere := c.Flags().Bool("all-tenants", false, "of all tenants of the account")
	complete(c, "user", p.memberIDs(f.access, &f.tenant))
	complete(c, "status", fixed(policy.StatusActive, policy.StatusSuspended, policy.StatusExpired))
	out := addListing(p, c, "access keys", keyColumns()...)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *everywhere && (f.mine || f.tenant != "") {
			return usagef("--all-tenants goes with neither --tenant nor --mine")
		}
		query := url.Values{}
		for name, value := range map[string]string{"status": *status, "q": *text} {
			if value != "" {
				query.Set(name, value)
			}
		}
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		if *user, err = server.userID(c.Context(), "", *user); err != nil {
			return err
		}
		if *user != "" {
			query.Set("user_id", *user)
		}
		var items []json.RawMessage
		if *everywhere {
			out.show("tenant_id")
			items, err = p.keysEverywhere(c.Context(), server, query)
		} else {
			items, err = server.list(c.Context(), server.keysPath(f), query, 0)
		}
		if err == nil && len(items) == 0 && *user != "" {
			err = server.checkUser(c.Context(), f.tenant, *user)
		}
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}

// keysEverywhere lists the access keys of all tenants of the account, one tenant after the other.
func (p *program) keysEverywhere(ctx context.Context, server *client, query url.Values) ([]json.RawMessage, error) {
	tenants, err := server.list(ctx, server.accountPath("", "tenants"), url.Values{}, 0)
	if err != nil {
		return nil, err
	}
	bar := p.progress("reading tenants", int64(len(tenants)))
	defer bar.done()
	all := []json.RawMessage{}
	for _, item := range tenants {
		var tenant api.Tenant
		if err := json.Unmarshal(item, &tenant); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		keys, err := server.list(ctx, server.keysPath(&keysFlags{tenant: tenant.ID}), query, 0)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", tenant.ID, err)
		}
		all = append(all, keys...)
		bar.add(1)
	}
	return all, nil
}
