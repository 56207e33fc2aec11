package policy_test

import (
	"testing"

	"mintkey/policy"
)

// Addresses that look alike because of how they are written are one address.
func TestFoldEmailOfLookalikes(t *testing.T) {
	for _, alike := range [][]string{
		{"kob@example.com", "Kob@example.com", "\u212aob@example.com", "\uff2b\uff4f\uff42@example.com", "\uff2bob\ufe0f@example.com"},
		{"\u00f6@example.com", "o\u0308@example.com", "\u00d6@example.com", "O\u0308@example.com"},
		{"strasse@example.com", "stra\u00dfe@example.com", "STRA\u1e9eE@example.com"},
		{"office@example.com", "o\ufb03ce@example.com"},
	} {
		for _, email := range alike {
			equal(t, email, policy.FoldEmail(email), policy.FoldEmail(alike[0]))
		}
	}
	for _, pair := range [][2]string{
		{"b\u014db@example.com", "bob@example.com"}, // another letter
		{"\u0430da@example.com", "ada@example.com"}, // another script
	} {
		if policy.FoldEmail(pair[0]) == policy.FoldEmail(pair[1]) {
			t.Errorf("%s and %s are two addresses", pair[0], pair[1])
		}
	}
}
