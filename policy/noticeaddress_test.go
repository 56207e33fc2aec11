package policy_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

func TestParseNoticeAddresses(t *testing.T) {
	var many []string
	for i := range policy.MaxNoticeAddresses {
		many = append(many, fmt.Sprintf("ops-%d@acme.example", i))
	}
	for _, given := range [][]string{nil, {"ops@acme.example"}, many} {
		if got, err := policy.ParseNoticeAddresses(given); err != nil || !cmp.Equal(got, given) {
			t.Errorf("%q becomes %q: %v", given, got, err)
		}
	}
	got, err := policy.ParseNoticeAddresses(append(many, "OPS-3@ACME.example"))
	if err != nil || !cmp.Equal(got, many) {
		t.Errorf("one address twice becomes %q: %v", got, err)
	}
	for _, wrong := range [][]string{
		{""}, {"ops"}, {"Ops <ops@acme.example>"}, {"a@acme.example, b@acme.example"}, append(many, "one-more@acme.example"),
	} {
		if got, err := policy.ParseNoticeAddresses(wrong); !errors.Is(err, policy.ErrInvalidNoticeAddresses) || got != nil {
			t.Errorf("%q becomes %q: %v", wrong, got, err)
		}
	}
}
