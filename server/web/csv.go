package web

import (
	"strings"
	"unicode/utf8"
)

// SpreadsheetCell keeps a spreadsheet from running a value of a table as a formula. Those of East Asia take wide characters for the narrow
// ones.
func SpreadsheetCell(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}
