package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mintkey/configs"
)

// WriteCommands writes the reference of all commands, as docs/commands.md has it.
func WriteCommands(w io.Writer) {
	root := (&program{}).rootCommand()
	root.InitDefaultHelpFlag()
	_, _ = fmt.Fprint(w, "# Commands\n\nWhat `mintkey --help` says of each command, on one page. "+
		"`mintkey man FOLDER` writes the same as manual pages.\n")
	for _, topic := range root.Commands() {
		if topic.IsAdditionalHelpTopicCommand() {
			_, _ = fmt.Fprintf(w, "\n## %s\n\n```text\n%s\n```\n", capital(topic.Short), strings.TrimSpace(topic.Long))
		}
	}
	_, _ = fmt.Fprintf(w, "\n## Flags that many commands have\n\nOf commands that use a server:\n\n")
	access := &cobra.Command{}
	addAccessFlags(access)
	writeFlags(w, access.PersistentFlags(), nil)
	_, _ = fmt.Fprintf(w, "\nOf all: `--output` (`-o`), %s.\n", root.PersistentFlags().Lookup("output").Usage)
	writeCommand(w, root, access.PersistentFlags())
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// writeCommand writes a command and those below it. Flags of common and settings are listed elsewhere.
func writeCommand(w io.Writer, c *cobra.Command, common *pflag.FlagSet) {
	settings := map[string]bool{}
	for _, s := range configs.Settings() {
		settings[s.Flag()] = true
	}
	for _, sub := range c.Commands() {
		if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" || sub.IsAdditionalHelpTopicCommand() {
			continue
		}
		if sub.Annotations[isGroup] != "" {
			writeCommand(w, sub, common)
			continue
		}
		_, _ = fmt.Fprintf(w, "\n## %s\n\n```text\n%s\n```\n\n%s\n", sub.CommandPath(), sub.UseLine(), paragraphs(longText(sub)))
		if sub.Example != "" {
			_, _ = fmt.Fprintf(w, "\n```sh\n%s\n```\n", unindented(sub.Example))
		}
		own := pflag.NewFlagSet("", pflag.ContinueOnError)
		hasSettings := false
		add := func(f *pflag.Flag) {
			if settings[f.Name] && sub.Flag("config") != nil {
				hasSettings = hasSettings || !sub.Flag("listen").Hidden
				return
			}
			if !f.Hidden && f.Name != "help" && f.Name != "output" && common.Lookup(f.Name) == nil {
				own.AddFlag(f)
			}
		}
		sub.LocalFlags().VisitAll(add)
		sub.InheritedFlags().VisitAll(add)
		if own.HasFlags() {
			_, _ = fmt.Fprintln(w)
		}
		writeFlags(w, own, common)
		if hasSettings {
			_, _ = fmt.Fprintf(w, "\nEvery setting of [mintkey.yaml](../configs/mintkey.yaml) is a flag too.\n")
		}
		if sub.HasSubCommands() {
			writeCommand(w, sub, common)
		}
	}
}

func longText(c *cobra.Command) string {
	if c.Long != "" {
		return c.Long
	}
	return c.Short + "."
}

// paragraphs joins the lines of a help text, which are broken for a terminal, and keeps Markdown from reading names as markup.
func paragraphs(text string) string {
	var out []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		out = append(out, strings.NewReplacer("<", "\\<", "*", "\\*").Replace(paragraph))
	}
	return strings.Join(out, "\n\n")
}

func unindented(example string) string {
	lines := strings.Split(example, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

func writeFlags(w io.Writer, flags, except *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if except != nil && except.Lookup(f.Name) != nil {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if kind != "" {
			name += " " + kind
		}
		value := shownDefault(f)
		if value != "" {
			value = " (default " + value + ")"
		}
		_, _ = fmt.Fprintf(w, "- `%s`: %s%s\n", name, paragraphs(usage), value)
	})
}

// CommandPaths are the words of every command that somebody can run.
func CommandPaths() (paths [][]string) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		paths = append(paths, strings.Fields(c.CommandPath())[1:])
		for _, sub := range c.Commands() {
			if !sub.IsAdditionalHelpTopicCommand() {
				visit(sub)
			}
		}
	}
	visit((&program{}).rootCommand())
	return paths
}
