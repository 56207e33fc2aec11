package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manPages writes a manual page for each command that people can see, and for each topic of help. The same source makes the same pages.
func manPages(c *cobra.Command, save func(name, page string) error) error {
	if c.Hidden {
		return nil
	}
	var page strings.Builder
	writeManPage(&page, c)
	if err := save(manName(c)+".1", page.String()); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if err := manPages(sub, save); err != nil {
			return err
		}
	}
	return nil
}

func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// writeManPage writes a page in the macros of man(7).
func writeManPage(w io.Writer, c *cobra.Command) {
	c.InitDefaultHelpFlag()
	put := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	put(".TH %q 1 \"\" Mintkey\n.nh\n.ad l\n", strings.ToUpper(manName(c)))
	put(".SH NAME\n%s \\- %s\n", roff(manName(c)), roff(c.Short))
	if c.Runnable() {
		put(".SH SYNOPSIS\n\\fB%s\\fR\n", roff(c.UseLine()))
	}
	put(".SH DESCRIPTION\n")
	for i, paragraph := range strings.Split(strings.TrimSpace(cmp.Or(c.Long, c.Short+".")), "\n\n") {
		if i > 0 {
			put(".PP\n")
		}
		put("%s\n", manParagraph(paragraph))
	}
	if c.Example != "" {
		put(".SH EXAMPLES\n%s\n", verbatim(c.Example))
	}
	for _, part := range []struct {
		title string
		flags *pflag.FlagSet
	}{{"OPTIONS", c.NonInheritedFlags()}, {"OPTIONS OF MANY COMMANDS", c.InheritedFlags()}} {
		if part.flags.HasAvailableFlags() && !c.IsAdditionalHelpTopicCommand() {
			put(".SH %s\n", part.title)
			part.flags.VisitAll(func(f *pflag.Flag) { put("%s", manFlag(f)) })
		}
	}
	put(".SH SEE ALSO\n%s\n", strings.Join(manSeeAlso(c), ",\n"))
}

func manFlag(f *pflag.Flag) string {
	if f.Hidden || f.Deprecated != "" {
		return ""
	}
	kind, usage := pflag.UnquoteUsage(f)
	names := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		names = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + names
	}
	if kind != "" {
		names += ` \fI` + roff(kind) + `\fR`
	}
	if value := shownDefault(f); value != "" {
		usage += " (default " + value + ")"
	}
	return ".TP\n" + names + "\n" + roff(usage) + "\n"
}

// shownDefault is empty for a default that says nothing.
func shownDefault(f *pflag.Flag) string {
	switch f.DefValue {
	case "false", "[]", "0", "0s":
		return ""
	default:
		return f.DefValue
	}
}

// manSeeAlso names the pages of the commands above and below, and what the exit codes mean.
func manSeeAlso(c *cobra.Command) (pages []string) {
	add := func(c *cobra.Command) { pages = append(pages, `\fB`+roff(manName(c))+`\fR(1)`) }
	if c.HasParent() {
		add(c.Parent())
	}
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			add(sub)
		}
	}
	if codes, _, err := c.Root().Find([]string{"exit-codes"}); err == nil && c != codes && c.HasParent() {
		add(codes)
	}
	return pages
}

// manParagraph is filled anew, unless a line of it is indented, as in wrap.
func manParagraph(paragraph string) string {
	if strings.Contains("\n"+paragraph, "\n ") {
		return verbatim(paragraph)
	}
	return roff(strings.Join(strings.Fields(paragraph), " "))
}

func verbatim(text string) string { return ".nf\n" + roff(text) + "\n.fi" }

// roff escapes text: hyphens are those that a reader copies, and no line is taken for a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", "\\(ga", `^`, `\(ha`, `~`, `\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
