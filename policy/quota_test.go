package policy_test

import (
	"errors"
	"testing"

	"mintkey/policy"
)

func TestCheckTokensPerMinute(t *testing.T) {
	for quota, fits := range map[int]bool{
		-1: false, 0: true, 1: true, policy.MaxTokensPerMinute: true, policy.MaxTokensPerMinute + 1: false,
	} {
		if err := policy.CheckTokensPerMinute(quota); errors.Is(err, policy.ErrInvalidQuota) == fits {
			t.Errorf("a quota of %d: %v", quota, err)
		}
	}
}

func TestLoosens(t *testing.T) {
	for _, change := range []struct {
		before, after int
		loosens       bool
	}{
		{0, 0, false}, {0, 5, false}, {5, 5, false}, {5, 4, false}, {5, 6, true}, {5, 0, true},
	} {
		if got := policy.Loosens(change.before, change.after); got != change.loosens {
			t.Errorf("from %d to %d: %v", change.before, change.after, got)
		}
	}
}
