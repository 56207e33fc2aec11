package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/policy"
)

type user struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	Roles    []string `json:"roles"`
	Disabled bool     `json:"disabled"`
}

func (p *program) usersCommand() *cobra.Command {
	c := group("users", "List and create users")
	access, account := addAccessFlags(c), addAccountFlag(c)
	c.AddCommand(p.usersListCommand(access, account), p.usersCreateCommand(access, account))
	return c
}

func (p *program) usersListCommand(access *accessFlags, account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the users of the account",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := p.connect(c.Context(), access)
			if err != nil {
				return err
			}
			items, err := api.list(c.Context(), api.accountPath(*account, "users"), url.Values{}, 0)
			if err != nil {
				return err
			}
			return printItems(p, items, []string{"ID", "NAME", "EMAIL", "ROLES", "STATE"}, func(u user) []string {
				state := "active"
				if u.Disabled {
					state = "disabled"
				}
				return []string{u.ID, u.Name, u.Email, strings.Join(u.Roles, " "), state}
			})
		},
	}
}

func (p *program) usersCreateCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:     "create",
		Short:   "Create a user",
		Example: "  mintkey users create --email ada@example.com --name \"Ada Lovelace\"",
		Args:    arguments(cobra.NoArgs),
	}
	id := c.Flags().String("id", "", "ID (default: one is made)")
	name := c.Flags().String("name", "", "name (default: the e-mail address)")
	email := c.Flags().String("email", "", "e-mail address")
	roles := c.Flags().StringSlice("roles", nil, "roles, separated by commas: account_admin, operator")
	rule := fmt.Sprintf("password, %d to %d characters; - reads a line of standard input", policy.MinPasswordLength, policy.MaxPasswordLength)
	password := c.Flags().String("password", "", rule)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "email"); err != nil {
			return err
		}
		body := map[string]any{"email": *email, "name": *name, "roles": append([]string{}, *roles...)}
		if *id != "" {
			body["id"] = *id
		}
		if *password != "" {
			text, err := p.readPassword(*password)
			if err != nil {
				return err
			}
			body["password"] = text
		}
		api, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		answer, err := api.call(c.Context(), http.MethodPost, api.accountPath(*account, "users"), body)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, u user) {
			_, _ = fmt.Fprintf(w, "Created user %s (%s <%s>).\nNext, a tenant: mintkey members set %s --role member\n", u.ID, u.Name, u.Email, u.ID)
		})
	}
	return c
}

// readPassword returns the value of a --password flag, or a line of standard input for "-", which keeps it out of process lists.
func (p *program) readPassword(flag string) (string, error) {
	if flag != "-" {
		return flag, nil
	}
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
