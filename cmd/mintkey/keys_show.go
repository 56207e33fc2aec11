package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) keysShowCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "show CLIENT_ID",
		Short: "Show one access key: its secrets and when they were used, its limits, and why it is suspended",
		Args:  arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodGet, server.keysPath(f, args[0]), nil)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, p.showKey)
	}
	return c
}

// showKey is all that a list has no room for. Secrets that work are two during an overlap, the newest first.
func (p *program) showKey(w io.Writer, k api.Key) {
	address := ""
	if k.LastAccessAddress != nil {
		address = " from " + *k.LastAccessAddress
	}
	showFacts(w, [][2]string{
		{"Client ID", k.ClientID},
		{"Label", k.Label},
		{"Owner", fmt.Sprintf("%s <%s>, user ID %s", k.UserName, k.Email, k.UserID)},
		{"Tenant", k.TenantID},
		{"Scopes", strings.Join(k.Scopes, " ")},
		{"Status", string(k.Status)},
		{"Created", p.when(&k.CreatedAt)},
		{"Last access", p.when(k.LastAccessAt) + address},
		{"Expires", p.when(k.ExpiresAt)},
		{"Marks", words(k.Marks)},
	})
	for _, secret := range k.Secrets {
		which, end := "Secret", ""
		if secret.EndsAt != nil {
			which, end = "Old secret", ", works until "+p.when(secret.EndsAt)
		}
		_, _ = fmt.Fprintf(w, "%-13s  of %s, last used %s%s\n", which, p.when(&secret.IssuedAt), p.when(secret.LastAccessAt), end)
	}
	if k.At != nil {
		_, _ = fmt.Fprintf(w, "%-13s  since %s by %s: %s\n", "Suspended", p.when(k.At),
			cmp.Or(k.By, "a command on the store"), cmp.Or(k.Reason, "no reason given"))
	}
	showFences(w, k)
}
