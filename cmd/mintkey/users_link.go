package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) usersLinkCommand(access *accessFlags, account *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "link USER",
		Short: "Mail a user a link to choose a password, also the first one",
		Long: "Mail a user a link with which to choose a password, also the first one. It works once and for 72 hours, and nobody but the\n" +
			"user sees it. The present password works until then. USER is an ID, or the e-mail address of a person. The server needs mail.",
		Example: "  mintkey users create --email grace@example.com\n  mintkey users link grace@example.com",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		server, user, err := p.connectForUser(c.Context(), access, *account, args[0])
		if err != nil {
			return err
		}
		at := server.accountPath(*account, "users", user, "password-link")
		if _, err := server.call(c.Context(), http.MethodPost, at, nil); err != nil {
			return err
		}
		return p.print(map[string]string{"link_sent_to": user}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "A mail with a link is on its way to %s.\n", user)
		})
	}
	return c
}
