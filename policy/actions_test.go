package policy_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"mintkey/policy"
)

// Whoever filters by action is told which there are, so none may be missing.
func TestActionsAreAllActions(t *testing.T) {
	source, err := os.ReadFile("event.go")
	if err != nil {
		t.Fatal(err)
	}
	var declared []policy.Action
	for _, match := range regexp.MustCompile(`Action\w+\s+Action = "(.*)"`).FindAllSubmatch(source, -1) {
		declared = append(declared, policy.Action(match[1]))
	}
	if listed := policy.Actions(); !slices.Equal(listed, declared) {
		t.Errorf("listed are %v, declared %v", listed, declared)
	}
}
