package policy

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
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

const maxLocalPartLength = 64 // bytes (RFC 5321 section 4.5.3.1.1)

// Labels of letters, digits and inner hyphens, as the DNS has them (RFC 1123 section 2.1); "_" occurs in the names of own networks.
var hostPattern = regexp.MustCompile(`^([0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?\.)*[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?$`)

// CheckEmail returns ErrInvalidEmail unless email is one address without a name, whose domain can exist.
func CheckEmail(email string) error {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > MaxEmailLength || !printable(email) ||
		strings.ContainsFunc(email, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ErrInvalidEmail
	}
	at := strings.LastIndexByte(email, '@')
	if at > maxLocalPartLength || !strings.HasPrefix(email[at+1:], "[") && !hostPattern.MatchString(asciiDomain(email[at+1:])) {
		return ErrInvalidEmail
	}
	return nil
}

// ASCIIDomain is the address with the domain as mail servers know it: with A-labels (RFC 5890 section 2.3.2.1) in the place of letters
// outside ASCII. The part before the @ stays as it is.
func ASCIIDomain(email string) string {
	at := strings.LastIndexByte(email, '@')
	return email[:at+1] + asciiDomain(email[at+1:])
}

// asciiDomain is the domain itself where it has no such form.
func asciiDomain(domain string) string {
	if isASCII(domain) {
		return domain
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return domain
	}
	return ascii
}

// HasASCIILocalPart reports whether every mail server takes the part of the address before the @ (RFC 6531 section 3.1).
func HasASCIILocalPart(email string) bool {
	return isASCII(email[:strings.LastIndexByte(email, '@')+1])
}
