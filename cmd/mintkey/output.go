package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The forms of output. JSON and YAML have the members of the API. A table is for people; at a terminal it fits the width, and times are
// ages. CSV is a table for programs, and names are the IDs alone.
const (
	outputTable = "table"
	outputJSON  = "json"
	outputYAML  = "yaml"
	outputCSV   = "csv"
	outputName  = "name"
)

// moreOutputs annotates a command that has further forms of output, which are separated by blanks.
const moreOutputs = "outputs"

// withOutputs lets a command have further forms of output.
func withOutputs(c *cobra.Command, forms ...string) {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[moreOutputs] = strings.Join(forms, " ")
}

// outputs are the forms of output that a command has.
func outputs(c *cobra.Command) []string {
	return append([]string{outputTable, outputJSON, outputYAML}, strings.Fields(c.Annotations[moreOutputs])...)
}

// addOutputFlag adds --output to all commands.
func (p *program) addOutputFlag(root *cobra.Command) {
	root.PersistentFlags().StringVarP(&p.output, "output", "o", outputTable,
		"table for people; json or yaml for programs; of what is a list or has an ID also csv, and name for the IDs alone")
	_ = root.RegisterFlagCompletionFunc("output", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return outputs(c), cobra.ShellCompDirectiveNoFileComp
	})
}

// checkOutput refuses a form of output before anything is done.
func (p *program) checkOutput(c *cobra.Command) error {
	if allowed := outputs(c); !slices.Contains(allowed, p.output) {
		return usagef("--output %q: must be one of %s", p.output, strings.Join(allowed, ", "))
	}
	return nil
}

// print writes a result to standard output: for people with show, or in another form.
func (p *program) print(result any, show func(io.Writer)) error {
	if p.output == outputTable || p.output == "" {
		var text strings.Builder
		show(&text)
		return p.write(forTerminal(text.String()))
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(result); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	switch p.output {
	case outputYAML:
		converted, err := yamlOf(text.String())
		if err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return p.write(converted)
	case outputCSV, outputName:
		one, err := readThing([]byte(text.String()))
		if err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		if p.output == outputName {
			return p.write(forTerminal(one.id() + "\n"))
		}
		names, cells := one.row()
		return p.writeCSV(append([][]string{names}, cells))
	default:
		return p.write(jsonForTerminal(text.String()))
	}
}

// write writes to standard output what is fit for a terminal.
func (p *program) write(text string) error {
	if _, err := io.WriteString(p.stdout, text); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// showTime formats a time for people: to the minute, and with the zone.
func showTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// when is showTime, with the age in words at a terminal.
func (p *program) when(t *time.Time) string {
	if t == nil || t.IsZero() || !p.forPeople() {
		return showTime(t)
	}
	return showTime(t) + " (" + inWords(*t, p.clock()) + ")"
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
	_, _ = fmt.Fprintln(w, wrap("The secret is shown this once: Mintkey keeps only a digest of it. "+
		"Copy it now to where your program reads its secrets."))
}
