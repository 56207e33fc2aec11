package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) usersSignOutCommand(access *accessFlags, account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "sign-out USER",
		Short: "End all sessions of a user in the console",
		Long: "End all sessions of a user in the console, in every browser. The user can sign in again, and access keys and tokens\n" +
			"stay as they are.",
		Example: "  mintkey users sign-out grace",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			server, user, err := p.connectForUser(c.Context(), access, *account, args[0])
			if err != nil {
				return err
			}
			at := server.accountPath(*account, "users", user, "sessions")
			if _, err := server.call(c.Context(), http.MethodDelete, at, nil); err != nil {
				return err
			}
			return p.print(map[string]string{"signed_out": user}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "Ended all sessions of %s.\n", user)
			})
		},
	}
}
