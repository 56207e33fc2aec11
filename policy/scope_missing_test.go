package policy_test

import (
	"strings"
	"testing"

	"mintkey/policy"
)

func TestMissingScopes(t *testing.T) {
	catalogue := policy.Catalogue{"api", "reports"}
	for scopes, want := range map[string]string{
		"":                   "",
		"api reports self":   "",
		"old api other self": "old other",
	} {
		if got := strings.Join(catalogue.Missing(strings.Fields(scopes)), " "); got != want {
			t.Errorf("of %q %q are missing, want %q", scopes, got, want)
		}
	}
}
