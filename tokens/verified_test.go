package tokens_test

import (
	"errors"
	"testing"

	"mintkey/tokens"
)

// A token that was verified before is checked again in everything that can change.
func TestVerifiedTokensAreJudgedAgain(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{}, start)
	token := sign(t, ring, tokens.ES256, start)
	first := mustVerify(t, ring, token, start)
	first.Audience[0], first.Status.StatusList.Index = "changed by the caller", 99
	if again := mustVerify(t, ring, token, start); again.Audience[0] != "api" || again.Status.StatusList.Index != 0 {
		t.Errorf("what a caller did to the claims shows in the next ones: %+v", again)
	}
	if _, err := ring.Verify(token, tokens.TypeStatusList, start); !errors.Is(err, tokens.ErrInvalidToken) {
		t.Errorf("as another type: %v", err)
	}
	if _, err := ring.Verify(token, tokens.TypeAccessToken, start.Add(lifetime)); !errors.Is(err, tokens.ErrTokenExpired) {
		t.Errorf("after its time: %v", err)
	}
	if _, err := ring.Verify(token+"x", tokens.TypeAccessToken, start); !errors.Is(err, tokens.ErrInvalidToken) {
		t.Errorf("with something after it: %v", err)
	}
	if err := ring.Rotate(t.Context(), start, true); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Verify(token, tokens.TypeAccessToken, start); !errors.Is(err, tokens.ErrInvalidToken) {
		t.Errorf("after its signing key was withdrawn: %v", err)
	}
}
