package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"
)

// helpWidth is how wide help is, in columns: that of the terminals that everybody has.
const helpWidth = 80

// wrapHelp makes the help of all commands no wider than helpWidth.
func wrapHelp(root *cobra.Command) {
	usual := root.UsageFunc()
	root.SetUsageFunc(func(c *cobra.Command) error {
		out := c.OutOrStderr()
		var usage bytes.Buffer
		c.SetOut(&usage)
		err := usual(c)
		c.SetOut(out)
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, hang(usage.String()))
		return err
	})
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		out := c.OutOrStdout()
		_, _ = fmt.Fprintf(out, "%s\n", wrap(cmp.Or(c.Long, c.Short)))
		if c.Runnable() || c.HasSubCommands() {
			_, _ = fmt.Fprintf(out, "\n%s", c.UsageString())
		}
	})
}

// wrap breaks paragraphs into lines anew. Those with an indented line stay as they are.
func wrap(text string) string {
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, paragraph := range paragraphs {
		if !strings.Contains("\n"+paragraph, "\n ") {
			paragraphs[i] = strings.Join(broken(strings.Fields(paragraph), helpWidth), "\n")
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// broken puts words into lines. A word that is wider than a line has one of its own.
func broken(words []string, width int) (lines []string) {
	for _, word := range words {
		last := len(lines) - 1
		if last < 0 || uniseg.StringWidth(lines[last])+1+uniseg.StringWidth(word) > width {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return lines
}

// A name and what it is, in two columns: a flag, or a command.
var entry = regexp.MustCompile(`^( +-.*?  +| +[a-z][a-z-]* +)(\S.*)$`)

// hang breaks the lines of a usage that are too wide: what a flag or a command is, below the column where that begins. Commands to type
// stay.
func hang(usage string) string {
	lines, section := strings.Split(usage, "\n"), ""
	for i, line := range lines {
		if strings.HasSuffix(line, ":") && !strings.HasPrefix(line, " ") {
			section = line
		}
		if uniseg.StringWidth(line) <= helpWidth || section == "Examples:" || section == "Usage:" {
			continue
		}
		begin, rest := "", line
		if parts := entry.FindStringSubmatch(line); parts != nil {
			begin, rest = parts[1], parts[2]
		}
		indent := uniseg.StringWidth(begin)
		words := broken(strings.Fields(rest), max(helpWidth-indent, helpWidth/3))
		lines[i] = begin + strings.Join(words, "\n"+strings.Repeat(" ", indent))
	}
	return strings.Join(lines, "\n")
}
