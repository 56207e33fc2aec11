package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) keysTransferCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "transfer CLIENT_ID",
		Short: "Give an access key to another member of the tenant",
		Long: "Give an access key to another member of the tenant, say before its owner leaves. Programs go on with the same\n" +
			"secret; the tokens that they have end, because they name the owner until then. The key never gains by it: what the\n" +
			"next owner may not do, it can't do any more. Both owners are told by e-mail. Whoever knew the secret still does:\n" +
			"refresh the key afterwards if that should end.",
		Example: "  mintkey keys transfer mk_4fQ2vXo1bN8sT6wLz0KdRe --to grace",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	to := c.Flags().String("to", "", "ID or e-mail address of the next owner")
	p.complete(c, "to", p.memberIDs(f.access, &f.tenant))
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := needFlags(c, "to"); err != nil {
			return err
		}
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		user, err := server.userID(c.Context(), "", *to)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPost, server.keysPath(f, args[0], "transfer"), api.Transfer{UserID: user})
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, k api.Key) {
			_, _ = fmt.Fprintf(w, "%s is a key of %s (%s) now, with the scopes %s.\nTokens from before stop working within seconds.\n",
				k.ClientID, k.UserID, k.UserName, strings.Join(k.Scopes, " "))
		})
	}
	return c
}
