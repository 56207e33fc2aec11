package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) secretReportCommand() *cobra.Command {
	var server serverFlags
	var foundAt string
	report := &cobra.Command{
		Use:   "report [FILE|FOLDER…]",
		Short: "Report the client secrets that are found in files, folders or standard input to the server, which stops them",
		Long: "Look for client secrets as check does, and report each to the server as leaked. Its access key is suspended at once, and\n" +
			"only a refresh without overlap makes it work again; one that works no more is left alone. Anybody can report, without an\n" +
			"access key of their own. It never prints a secret.\n\n" +
			"The exit code is 0 when all that was found is reported, 5 when the server can't be reached, 6 when it has refused, and 2 when\n" +
			"something could not be read.",
		Example: "  mintkey secret report --url https://auth.example.com \\\n    --found-at https://git.example.com/build.log build.log",
		RunE: func(c *cobra.Command, paths []string) error {
			via, err := p.newConnection(&server)
			if err != nil {
				return err
			}
			given := cmp.Or(server.url, p.getenv("MINTKEY_URL"))
			via.defaulted = given == ""
			given = cmp.Or(given, defaultURL)
			if err := p.checkServer(given, &server); err != nil {
				return err
			}
			return via.reportSecrets(c.Context(), strings.TrimRight(given, "/"), foundAt, paths)
		},
	}
	server.add(report)
	report.Flags().StringVar(&foundAt, "found-at", "", "URL of the place where others can read them, for the audit trail")
	return report
}

func (c *connection) reportSecrets(ctx context.Context, server, foundAt string, paths []string) error {
	search := &secretSearch{leaks: []leak{}, secrets: map[string]bool{}}
	if len(paths) == 0 {
		search.read("-", c.stdin)
	}
	for _, path := range paths {
		search.path(path, c.stdin)
	}
	for secrets := range slices.Chunk(slices.Sorted(maps.Keys(search.secrets)), api.MaxLeakedSecrets) {
		if err := c.postLeaks(ctx, server, api.LeakReport{Secrets: secrets, URL: foundAt}); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	err := c.print(map[string][]leak{"items": search.leaks}, func(w io.Writer) {
		for _, l := range search.leaks {
			_, _ = fmt.Fprintf(w, "%s:%d:%d: reported (sha256:%s)\n", l.File, l.Line, l.Column, l.SHA256)
		}
	})
	if unread := errors.Join(search.unread...); unread != nil {
		return errors.Join(err, &uncheckedError{unread})
	}
	return err
}

func (c *connection) postLeaks(ctx context.Context, server string, report api.LeakReport) error {
	body, err := json.Marshal(report)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/leaks", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header[idempotencyKey] = []string{} // a secret that has stopped is not stopped again
	_, _, err = c.send(request)
	return err
}
