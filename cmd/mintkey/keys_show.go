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
	return &cobra.Command{
		Use:   "show CLIENT_ID",
		Short: "Show one access key: its secrets and when they were used, its limits, and why it is suspended",
		Args:  arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := p.connect(c.Context(), f.access)
			if err != nil {
				return err
			}
			answer, err := server.call(c.Context(), http.MethodGet, server.keysPath(f, args[0]), nil)
			if err != nil {
				return err
			}
			return printAnswer(p, answer, showKey)
		},
	}
}

// showKey is all that a list has no room for. Secrets that work are two during an overlap, the newest first.
func showKey(w io.Writer, k api.Key) {
	address := ""
	if k.LastAccessAddress != nil {
		address = " from " + *k.LastAccessAddress
	}
	for _, fact := range [][2]string{
		{"Client ID", k.ClientID},
		{"Label", k.Label},
		{"Owner", fmt.Sprintf("%s <%s>, user ID %s", k.UserName, k.Email, k.UserID)},
		{"Tenant", k.TenantID},
		{"Scopes", strings.Join(k.Scopes, " ")},
		{"Status", string(k.Status)},
		{"Created", showTime(&k.CreatedAt)},
		{"Last access", showTime(k.LastAccessAt) + address},
		{"Expires", showTime(k.ExpiresAt)},
		{"Marks", words(k.Marks)},
	} {
		if fact[1] != "" {
			_, _ = fmt.Fprintf(w, "%-13s  %s\n", fact[0], fact[1])
		}
	}
	for _, secret := range k.Secrets {
		which, end := "Secret", ""
		if secret.EndsAt != nil {
			which, end = "Old secret", ", works until "+showTime(secret.EndsAt)
		}
		_, _ = fmt.Fprintf(w, "%-13s  of %s, last used %s%s\n", which, showTime(&secret.IssuedAt), showTime(secret.LastAccessAt), end)
	}
	if k.At != nil {
		_, _ = fmt.Fprintf(w, "%-13s  since %s by %s: %s\n", "Suspended", showTime(k.At),
			cmp.Or(k.By, "a command on the store"), cmp.Or(k.Reason, "no reason given"))
	}
	showFences(w, k)
}
