package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

// addQuotaFlag adds --tokens-per-minute, which takes the quota away when it is 0, and returns it as the API takes it.
func addQuotaFlag(c *cobra.Command) func() api.Nullable[int] {
	quota := c.Flags().Int("tokens-per-minute", 0, "quota of tokens a minute; 0 takes it away")
	return func() api.Nullable[int] {
		if *quota == 0 {
			return api.Nullable[int]{Given: true}
		}
		return api.Nullable[int]{Given: true, Value: quota}
	}
}

func quotaWords(quota int) string {
	if quota == 0 {
		return "no quota"
	}
	return fmt.Sprintf("a quota of %d tokens a minute", quota)
}

func (p *program) keysEditCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "edit CLIENT_ID",
		Short:   "Change the quota of an access key",
		Example: "  mintkey keys edit mk_4fQ2vXo1bN8sT6wLz0KdRe --tokens-per-minute 60",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	quota := addQuotaFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if !c.Flag("tokens-per-minute").Changed {
			return usagef("needed and not given: --tokens-per-minute")
		}
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodPatch, server.keysPath(f, args[0]), api.KeyChange{TokensPerMinute: quota()})
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, k api.Key) {
			_, _ = fmt.Fprintf(w, "Access key %s has %s.\n", k.ClientID, quotaWords(k.TokensPerMinute))
		})
	}
	return c
}
