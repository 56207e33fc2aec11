package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) keysEndOverlapCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "end-overlap CLIENT_ID",
		Short: "Stop the old secret of an access key that was refreshed with an overlap",
		Long: "Stop the old secret of an access key that was refreshed with an overlap. Tokens that were fetched with it work until\n" +
			"they expire, or end at once with --revoke-tokens.",
		Args: arguments(cobra.ExactArgs(1)),
	}
	addMineFlag(c, f)
	revokeTokens := c.Flags().Bool("revoke-tokens", false, "end the tokens of the old secret too")
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		at := server.keysPath(f, args[0], "overlap")
		if *revokeTokens {
			at += "?revoke_tokens=true"
		}
		if _, err := server.call(c.Context(), http.MethodDelete, at, nil); err != nil {
			return err
		}
		ended := map[string]any{"client_id": args[0], "revoked_tokens": *revokeTokens}
		return p.print(ended, func(w io.Writer) { _, _ = fmt.Fprintf(w, "The old secret of %s has stopped working.\n", args[0]) })
	}
	return c
}
