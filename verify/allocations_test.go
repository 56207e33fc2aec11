package verify_test

import "testing"

// TestKnownTokenAllocatesNothing: gateways send the same token with every request.
func TestKnownTokenAllocatesNothing(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	token := i.mint(i.status(7))
	mustVerify(t, v, token)
	ctx := t.Context()
	if allocations := testing.AllocsPerRun(100, func() {
		if _, err := v.Verify(ctx, token); err != nil {
			t.Error(err)
		}
	}); allocations != 0 {
		t.Errorf("%.0f allocations", allocations)
	}
}
