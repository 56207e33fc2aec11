package policy_test

import (
	"testing"

	"mintkey/policy"
)

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
	} {
		if got := policy.WithoutSecrets(text); got != want {
			t.Errorf("WithoutSecrets(%q) = %q; want %q", text, got, want)
		}
	}
}
