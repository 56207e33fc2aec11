package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"mintkey/policy"
)

// forTerminal makes text that others chose harmless: an escape sequence in a name or in a server's answer must not drive the terminal.
// What can't be printed is shown as its Go escape. Line breaks stay, and so do the spaces and joiners that some scripts need.
func forTerminal(text string) string {
	var safe strings.Builder
	for _, r := range text {
		if harmless(r) {
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

// jsonForTerminal is forTerminal for JSON, in which every character of a string can be written as its escape. The encoder escapes those
// below the space only, and a terminal obeys more.
func jsonForTerminal(text string) string {
	var safe strings.Builder
	for _, r := range text {
		if harmless(r) {
			safe.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			_, _ = fmt.Fprintf(&safe, `\u%04x`, unit)
		}
	}
	return safe.String()
}

func harmless(r rune) bool { return policy.OnOneLine(r) || r == '\n' }
