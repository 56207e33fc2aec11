package server_test

import (
	"slices"
	"testing"
)

// An operator lists and rotates the signing keys; a gateway may list them, because the public keys are not secret.
func TestOperatorsRotateSigningKeys(t *testing.T) {
	w := newWorld(t)
	const path = "/admin/v1/signing-keys"
	w.get(bearer(w.tokenOf(w.ada, "policy:write")), path).wantCode(403, "insufficient_scope")
	w.get(bearer(w.tokenOf(w.mia, "tokens:introspect")), path).want(200)
	w.post(w.ada, path+"/rotate", nil).wantCode(403, "insufficient_scope")

	states, _ := w.get(w.olga, path).want(200).values("state")
	if !slices.Equal(states, []string{"active", "active"}) {
		t.Errorf("before a rotation the signing keys are %q", states)
	}
	states, _ = w.post(w.olga, path+"/rotate", nil).want(200).values("state")
	if slices.Sort(states); !slices.Equal(states, []string{"active", "active", "next", "next"}) {
		t.Errorf("after a rotation began the signing keys are %q", states)
	}

	before := w.tokenOf(w.mia, "")
	w.post(w.olga, path+"/rotate", map[string]any{"emergency": true}).want(200)
	w.get(bearer(before), ownKeys).want(401)
	w.get(bearer(w.tokenOf(w.mia, "")), ownKeys).want(200)
}
