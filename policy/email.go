package policy

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldEmail is the form in which e-mail addresses are compared: without case, in one normal form, and with what only looks different,
// such as wide letters or the Kelvin sign, made the same (NFKC with case folding, Unicode Standard section 3.13). Letters that merely
// resemble each other, as those of two scripts do, stay apart.
func FoldEmail(email string) string {
	if isASCII(email) {
		return strings.ToLower(email)
	}
	fold := cases.Fold()
	visible := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			return -1
		}
		return r
	}, email)
	once := norm.NFKD.String(fold.String(norm.NFD.String(visible)))
	return norm.NFKC.String(fold.String(once))
}
