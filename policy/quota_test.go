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

// The membership that was there before keeps its own quota: a change that is refused by the store must not shine through.
func TestWithTokensPerMinute(t *testing.T) {
	before := policy.Membership{Role: policy.RoleMember, Keys: []policy.AccessKey{{ClientID: "mk_1"}, {ClientID: "mk_2"}}}
	after, err := before.WithTokensPerMinute("mk_2", 7)
	if err != nil || after.Keys[1].TokensPerMinute != 7 || after.Keys[0].TokensPerMinute != 0 || before.Keys[1].TokensPerMinute != 0 {
		t.Errorf("before %+v, after %+v (%v)", before.Keys, after.Keys, err)
	}
	if _, err := before.WithTokensPerMinute("mk_3", 7); !errors.Is(err, policy.ErrKeyNotFound) {
		t.Errorf("of a key that is not there: %v", err)
	}
}
