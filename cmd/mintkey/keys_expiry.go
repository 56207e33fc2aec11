package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) keysExpiryCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "expiry CLIENT_ID",
		Short: "Show when an access key expires, and why: the revisions of the policy that count, and the notices that will come",
		Args:  arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		answer, err := server.call(c.Context(), http.MethodGet, server.keysPath(f, args[0], "expiry"), nil)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, p.showExpiry)
	}
	return c
}

func (p *program) showExpiry(w io.Writer, e api.Expiry) {
	_, _ = fmt.Fprintf(w, "%s expires: %s\n%s\n", e.ClientID, p.when(e.ExpiresAt), e.Text)
	if len(e.Steps) > 0 {
		var rows [][]string
		for _, step := range e.Steps {
			rows = append(rows, []string{showTime(&step.At), showTime(step.ExpiresAt), step.Text})
		}
		_, _ = fmt.Fprintln(w)
		table(w, []string{"SINCE", "EXPIRES", "WHY"}, rows)
	}
	if len(e.Notices) > 0 {
		var rows [][]string
		for _, notice := range e.Notices {
			rows = append(rows, []string{p.when(&notice.At), count(notice.DaysBefore, "day") + " before"})
		}
		_, _ = fmt.Fprintln(w)
		table(w, []string{"NOTICE", ""}, rows)
	}
}
