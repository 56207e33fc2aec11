package policy_test

import (
	"strings"
	"testing"

	"mintkey/policy"
)

func TestExcerpt(t *testing.T) {
	secret := policy.NewClientSecret([32]byte{}).Reveal()
	for text, want := range map[string]string{
		"":                                     `""`,
		"two\nlines é":                         `"two\nlines \u00e9"`,
		strings.Repeat("é", 41):                `"` + strings.Repeat(`\u00e9`, 40) + `"`,
		secret:                                 `"[redacted]"`,
		strings.Repeat("x", 30) + "." + secret: `"` + strings.Repeat("x", 30) + `.[redacted"`,
	} {
		if got := policy.Excerpt(text, 40); got != want {
			t.Errorf("Excerpt(%q) = %s; want %s", text, got, want)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	one, two := policy.NewClientSecret([32]byte{1}).Reveal(), policy.NewClientSecret([32]byte{2}).Reveal()
	for text, want := range map[string]string{
		"":                            "",
		"nothing to hide":             "nothing to hide",
		one:                           "[redacted]",
		"/oauth2/" + one + "?x":       "/oauth2/[redacted]?x",
		one + two + " and " + one:     "[redacted][redacted] and [redacted]",
		one[:len(one)-1] + "!":        one[:len(one)-1] + "!", // no secret: too short
		"mks_" + one + ", twice mks_": "mks_[redacted], twice mks_",

		"/x/eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2ln_-8?y": "/x/[redacted]?y",
		"eyJhbGciOiJFUzI1NiJ9.eyJpc3M":                           "[redacted]",
		"eyJhbGciOiJFUzI1NiJ9 eyJ":                               "[redacted] eyJ",
	} {
		if got := policy.WithoutSecrets(text); got != want {
			t.Errorf("WithoutSecrets(%q) = %q; want %q", text, got, want)
		}
	}
}

// A client secret that is typed where a name belongs would be shown in lists, mails and logs.
func TestNamesHoldNoSecret(t *testing.T) {
	secret := policy.NewClientSecret([32]byte{1}).Reveal()
	equal(t, "name", policy.CheckName("Ada "+secret), policy.ErrInvalidName)
	equal(t, "label", policy.CheckLabel(secret), policy.ErrInvalidLabel)
	equal(t, "email", policy.CheckEmail(secret+"@example.com"), policy.ErrInvalidEmail)
	equal(t, "almost a secret", policy.CheckLabel(secret[:len(secret)-1]+"!"), nil)
}
