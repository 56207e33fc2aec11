package main

import (
	"strconv"
	"strings"
	"unicode"
)

// forTerminal makes text that others chose harmless: an escape sequence in a name or in a server's answer must not drive the terminal.
// What can't be printed is shown as its Go escape. Line breaks stay, and so do the joiners that some scripts need.
func forTerminal(text string) string {
	var safe strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) || r == '\n' || r == '\u200c' || r == '\u200d' {
			safe.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		safe.WriteString(quoted[1 : len(quoted)-1])
	}
	return safe.String()
}

// forCell is forTerminal for a cell of a table, which has no line breaks.
func forCell(text string) string { return strings.ReplaceAll(forTerminal(text), "\n", `\n`) }
