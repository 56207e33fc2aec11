package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) keysEditCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "edit CLIENT_ID",
		Short: "Change label, scopes and limits of an access key",
		Long: "Change label, scopes and limits of an access key. What is not given stays as it is; --" + clearFlag +
			" takes a limit away.\n" +
			"Scopes can only become fewer. Fewer scopes, and a tighter limit other than the quota, end the tokens that the key has made.\n" +
			"No key can loosen its own limits.",
		Example: "  mintkey keys edit mk_4fQ2vXo1bN8sT6wLz0KdRe \\\n    --allowed-network 192.0.2.0/24 --expires-at 30d\n" +
			"  mintkey keys edit mk_4fQ2vXo1bN8sT6wLz0KdRe --clear expires-at,allowed-network",
		Args: arguments(cobra.ExactArgs(1)),
	}
	label := c.Flags().String("label", "", `what the key is for; "" for nothing`)
	withOutputs(c, outputCSV, outputName)
	scopes := addListFlag(c, "scopes", "the scopes that it keeps, separated by commas or blanks", "scope")
	limits := addFenceFlags(c)
	limits.addClearFlag()
	c.RunE = func(c *cobra.Command, args []string) error {
		change, err := limits.change(p.clock())
		if err != nil {
			return err
		}
		if c.Flag("label").Changed {
			change.Label = label
		}
		if *scopes != nil {
			change.Scopes = scopes
		}
		if !anyChanged(c, append(fenceFlags(), oldAudienceFlag, "label", "scopes", "scope", clearFlag)) {
			return usagef("nothing to change: give --label, --scopes, --%s or --%s", strings.Join(fenceFlags(), ", --"), clearFlag)
		}
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPatch, server.keysPath(f, args[0]), change)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, k api.Key) {
			_, _ = fmt.Fprintf(w, "Access key %s is changed. Scopes: %s. Expires: %s.\n",
				k.ClientID, strings.Join(k.Scopes, " "), showTime(k.ExpiresAt))
			showFences(w, k)
			if k.TokensPerMinute == 0 && c.Flag(quotaFlag).Changed {
				_, _ = fmt.Fprintln(w, "It has no quota.")
			}
		})
	}
	return c
}

func anyChanged(c *cobra.Command, names []string) bool {
	for _, name := range names {
		if c.Flag(name).Changed {
			return true
		}
	}
	return false
}
