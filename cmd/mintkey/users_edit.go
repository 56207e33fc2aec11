package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

func (p *program) usersShowCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:     "show USER",
		Short:   "Show a user",
		Long:    "Show a user. USER is an ID, or the e-mail address of a person.",
		Example: "  mintkey users show grace@example.com",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, user, err := p.connectForUser(c.Context(), access, *account, args[0])
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodGet, server.accountPath(*account, "users", user), nil)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, p.showUser)
	}
	return c
}

func (p *program) showUser(w io.Writer, u api.User) {
	signIn := "without a password: by a provider, or by a link that is sent"
	switch {
	case u.Kind == policy.KindService:
		signIn = "never: it is a robot"
	case u.HasPassword:
		signIn = "with a password"
	}
	showFacts(w, [][2]string{
		{"ID", u.ID},
		{"Name", u.Name},
		{"E-mail", u.Email},
		{"Account", u.AccountID},
		{"Kind", string(u.Kind)},
		{"Roles", words(u.Roles)},
		{"State", fmt.Sprint(stateOf(u))},
		{"Signs in", signIn},
		{"Created", p.when(&u.CreatedAt)},
	})
}

// connectForUser connects, and finds the ID of a user that was named by it or by an e-mail address.
func (p *program) connectForUser(ctx context.Context, access *accessFlags, account, named string) (*client, string, error) {
	server, err := p.connect(ctx, access)
	if err != nil {
		return nil, "", err
	}
	user, err := server.userID(ctx, account, named)
	return server, user, err
}

func (p *program) usersEditCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "edit USER",
		Short: "Change the name, address, roles, kind or password of a user",
		Long: "Change the name, address, roles, kind or password of a user; what is not given stays. USER is an ID, or the e-mail address of\n" +
			"a person. A new password, and a new kind, end the user's sessions.",
		Example: "  mintkey users edit grace --roles account_admin\n  mintkey users edit grace --no-password\n" +
			"  mintkey users edit deployer --kind service",
		Args: arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	name := c.Flags().String("name", "", "name")
	email := c.Flags().String("email", "", "e-mail address")
	kind := c.Flags().String("kind", "", "service: a robot, which never signs in; nothing makes a person of it again")
	roles := addListFlag(c, "roles", `all roles that the user has then: account_admin, operator; "" for none`)
	password := c.Flags().String("password", "", "new password; - asks at the terminal, or reads a line of standard input")
	noPassword := c.Flags().Bool("no-password", false, "take the password away")
	complete(c, "kind", fixed(policy.KindService))
	complete(c, "roles", fixed(policy.RoleAccountAdmin, policy.RoleOperator))
	c.RunE = func(c *cobra.Command, args []string) error {
		if !anyChanged(c, []string{"name", "email", "kind", "roles", "password", "no-password"}) {
			return usagef("nothing to change: give --name, --email, --kind, --roles, --password or --no-password")
		}
		if *noPassword && c.Flag("password").Changed {
			return usagef("give either --password or --no-password")
		}
		change := api.UserChange{Password: api.Nullable[string]{Given: *noPassword}}
		if c.Flag("name").Changed {
			change.Name = name
		}
		if c.Flag("email").Changed {
			change.Email = email
		}
		if c.Flag("kind").Changed {
			change.Kind = new(policy.UserKind(*kind))
		}
		if c.Flag("roles").Changed {
			change.Roles = &[]policy.Role{}
			for _, role := range *roles {
				*change.Roles = append(*change.Roles, policy.Role(role))
			}
		}
		if c.Flag("password").Changed {
			text, err := p.readPassword(c.Context(), *password)
			if err != nil {
				return err
			}
			change.Password = api.Nullable[string]{Given: true, Value: &text}
		}
		server, user, err := p.connectForUser(c.Context(), access, *account, args[0])
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPatch, server.accountPath(*account, "users", user), change)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, u api.User) {
			_, _ = fmt.Fprintf(w, "Changed user %s.\n", u.ID)
			p.showUser(w, u)
		})
	}
	return c
}

func (p *program) usersDisableCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "disable USER",
		Short: "Stop a user at once: sessions, access keys and tokens, until enabled again",
		Long: "Stop a user at once, until enabled again: nobody signs in as the user, all access keys of the user stop, and their tokens are\n" +
			"dead everywhere within seconds. USER is an ID, or the e-mail address of a person. At a terminal it says what stops, and asks.",
		Example: "  mintkey users disable grace@example.com",
	}
	asks := p.addYesFlag(c)
	return p.userState(access, account, c, true, asks)
}

func (p *program) usersEnableCommand(access *accessFlags, account *string) *cobra.Command {
	return p.userState(access, account, &cobra.Command{
		Use:   "enable USER",
		Short: "Make a disabled user work again, with the access keys that the user had",
		Long: "Make a disabled user work again, with the access keys that the user had. Sessions and tokens from before stay dead, and a key\n" +
			"that was suspended on its own stays so. USER is an ID, or the e-mail address of a person.",
	}, false, nil)
}

func (p *program) userState(access *accessFlags, account *string, c *cobra.Command, disabled bool, asks *asker) *cobra.Command {
	c.Args = arguments(cobra.ExactArgs(1))
	withOutputs(c, outputCSV, outputName)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, user, err := p.connectForUser(c.Context(), access, *account, args[0])
		if err != nil {
			return err
		}
		if disabled {
			question := fmt.Sprintf("Disable %s? Until enabled again these stop, and all sessions end:", user)
			if err := asks.beforeEndOfUser(c.Context(), server, *account, user, question); err != nil {
				return err
			}
		}
		path := server.accountPath(*account, "users", user)
		answer, err := server.call(c.Context(), http.MethodPatch, path, api.UserChange{Disabled: &disabled})
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, u api.User) {
			if disabled {
				_, _ = fmt.Fprintf(w, "Disabled %s. Sessions have ended,\nand tokens of the access keys stop working within seconds.\n", u.ID)
				return
			}
			_, _ = fmt.Fprintf(w, "Enabled %s. Access keys work again; sessions and tokens from before do not.\n", u.ID)
		})
	}
	return c
}

func (p *program) usersDeleteCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "delete USER",
		Short: "Delete a user and revoke all access keys of the user, for good",
		Long: "Delete a user and revoke all access keys of the user, in all tenants. Nothing undoes it; disable is for what may come back.\n" +
			"Keys can be given to somebody else first (mintkey users owns, mintkey keys transfer). USER is an ID, or the e-mail address of\n" +
			"a person. At a terminal it says what ends, and asks.",
		Example: "  mintkey users owns grace\n  mintkey users delete grace",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	asks := p.addYesFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, user, err := p.connectForUser(c.Context(), access, *account, args[0])
		if err != nil {
			return err
		}
		question := fmt.Sprintf("Delete %s for good? This revokes:", user)
		if err := asks.beforeEndOfUser(c.Context(), server, *account, user, question); err != nil {
			return err
		}
		if _, err := server.call(c.Context(), http.MethodDelete, server.accountPath(*account, "users", user), nil); err != nil {
			return err
		}
		return p.print(map[string]string{"deleted": user}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "Deleted %s, with all access keys of the user.\n", user)
		})
	}
	return c
}
