package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// print writes a result to standard output: as JSON, or for people with show.
func (p *program) print(result any, show func(io.Writer)) error {
	if p.output == "json" {
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(result); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		if _, err := io.WriteString(p.stdout, jsonForTerminal(text.String())); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
	var text strings.Builder
	show(&text)
	if _, err := io.WriteString(p.stdout, forTerminal(text.String())); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// table writes a header and rows in aligned columns.
func table(w io.Writer, header []string, rows [][]string) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = forCell(cell)
		}
		_, _ = fmt.Fprintln(columns, strings.Join(cells, "\t"))
	}
	_ = columns.Flush()
}

// showTime formats a time for people: to the minute, and with the zone.
func showTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// words joins roles, marks and the like for people.
func words[T ~string](list []T) string {
	var joined []string
	for _, word := range list {
		joined = append(joined, string(word))
	}
	return strings.Join(joined, " ")
}

// showSecret is the only place that shows a client secret to people.
func showSecret(w io.Writer, clientID, secret string) {
	_, _ = fmt.Fprintf(w, "Client ID      %s\nClient secret  %s\n\n", clientID, secret)
	_, _ = fmt.Fprintln(w, "The secret is shown this once: Mintkey keeps only a digest of it. "+
		"Copy it now to where your program reads its secrets.")
}
