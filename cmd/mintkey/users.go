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

func (p *program) usersCommand() *cobra.Command {
	c := group("users", "List, create, change, disable and delete users, see what they own, and sign them out")
	access, account := addAccessFlags(c), addAccountFlag(c)
	complete(c, "account", p.accountIDs(access))
	named := []*cobra.Command{
		p.usersShowCommand(access, account), p.usersEditCommand(access, account), p.usersDisableCommand(access, account),
		p.usersEnableCommand(access, account), p.usersDeleteCommand(access, account), p.usersOwnsCommand(access, account),
		p.usersSignOutCommand(access, account), p.usersLinkCommand(access, account),
	}
	for _, one := range named {
		completeOne(one, p.userIDs(access, account))
	}
	c.AddCommand(p.usersListCommand(access, account), p.usersCreateCommand(access, account))
	c.AddCommand(named...)
	return c
}

func (p *program) usersListCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the users of the account", Args: arguments(cobra.NoArgs)}
	out := addListing(p, c, "users",
		column[api.User]{name: "id", rank: 4, cut: true},
		column[api.User]{name: "name", of: func(u api.User) any { return u.Name }, cut: true},
		column[api.User]{name: "email", of: func(u api.User) any { return u.Email }, cut: true},
		column[api.User]{name: "kind", of: func(u api.User) any { return string(u.Kind) }, rank: 3},
		column[api.User]{name: "roles", of: func(u api.User) any { return words(u.Roles) }},
		column[api.User]{name: "disabled", head: "state", of: stateOf},
	)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		items, err := server.list(c.Context(), server.accountPath(*account, "users"), url.Values{}, 0)
		if err != nil {
			return err
		}
		return out.print(items)
	}
	return c
}

func stateOf(u api.User) any {
	if u.Disabled {
		return "disabled"
	}
	return "active"
}

func (p *program) usersCreateCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "create",
		Short: "Create a user",
		Long: "Creates a person, or with --kind service a robot: it owns access keys as anybody does and never signs in.\n" +
			"Its e-mail address is a contact that gets the notices about its keys, and may be that of others.",
		Example: "  mintkey users create --email ada@example.com --name \"Ada Lovelace\"\n" +
			"  mintkey users create --kind service --id deployer \\\n    --name \"Deployment\" --email team@example.com",
		Args: arguments(cobra.NoArgs),
	}
	id := c.Flags().String("id", "", "ID (default: one is made)")
	kind := c.Flags().String("kind", string(policy.KindPerson), "person, or service for a robot, which never signs in")
	name := c.Flags().String("name", "", "name (default: the e-mail address)")
	email := c.Flags().String("email", "", "e-mail address")
	roles := addListFlag(c, "roles", "roles, separated by commas: account_admin, operator")
	rule := fmt.Sprintf("password, %d to %d characters; - asks at the terminal, or reads a line of standard input",
		policy.MinPasswordLength, policy.MaxPasswordLength)
	password := c.Flags().String("password", "", rule)
	withOutputs(c, outputCSV, outputName)
	complete(c, "kind", fixed(policy.KindPerson, policy.KindService))
	complete(c, "roles", fixed(policy.RoleAccountAdmin, policy.RoleOperator))
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "email"); err != nil {
			return err
		}
		wanted := api.NewUser{ID: *id, Kind: policy.UserKind(*kind), Name: *name, Email: *email}
		for _, role := range *roles {
			wanted.Roles = append(wanted.Roles, policy.Role(role))
		}
		if *password != "" {
			text, err := p.readPassword(c.Context(), *password)
			if err != nil {
				return err
			}
			wanted.Password = &text
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPost, server.accountPath(*account, "users"), wanted)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, u api.User) {
			_, _ = fmt.Fprintf(w, "Created user %s (%s <%s>).\nNext, a tenant: mintkey members set %s --role member\n", u.ID, u.Name, u.Email, u.ID)
		})
	}
	return c
}
