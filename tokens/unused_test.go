package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/tokens"
)

// The signing key of an algorithm that no setting names any more has nothing to come, so nothing is overdue. It verifies its tokens until
// they end, and is dropped then.
func TestASigningKeyOfAnUnusedAlgorithmEnds(t *testing.T) {
	docs := newDocuments()
	options := tokens.Options{Algorithms: []tokens.Algorithm{tokens.ES256}, RotateEvery: 24 * time.Hour}
	old := sign(t, openRing(t, docs, options, start), tokens.ES256, start)
	options.Algorithms = []tokens.Algorithm{tokens.EdDSA}
	ring := openRing(t, docs, options, start)
	want := map[tokens.Algorithm]tokens.SigningKeyTimes{
		tokens.ES256: {Algorithm: tokens.ES256, ActiveFrom: start},
		tokens.EdDSA: {Algorithm: tokens.EdDSA, ActiveFrom: start, Rotates: start.Add(24 * time.Hour)},
	}
	if diff := cmp.Diff(want, byName(ring, start)); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	writes := docs.writes
	for now := start; now.Before(start.Add(lifetime)); now = now.Add(time.Minute) {
		mustDo(t, ring.Refresh(t.Context(), now))
		mustVerify(t, ring, old, now)
	}
	if docs.writes != writes {
		t.Errorf("%d writes while nothing changed", docs.writes-writes)
	}
	mustDo(t, ring.Refresh(t.Context(), start.Add(2*tokens.DefaultPublishBefore+lifetime+time.Minute)))
	if keys := stored(t, docs).Keys; len(keys) != 1 {
		t.Errorf("stored are %d signing keys, want the one that is used", len(keys))
	}
}

// Servers whose settings differ, as they do while one after the other is restarted, drop nothing of each other.
func TestASigningKeyThatAnotherServerUsesStays(t *testing.T) {
	docs := newDocuments()
	one := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.ES256}}, start)
	kid := only(t, one.SigningKeys(start), tokens.Active).KID
	other := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.EdDSA}}, start)
	before := docs.writes
	for now := start; now.Before(start.Add(24 * time.Hour)); now = now.Add(time.Minute) {
		mustDo(t, one.Refresh(t.Context(), now))
		mustDo(t, other.Refresh(t.Context(), now))
	}
	end := start.Add(24 * time.Hour)
	mustVerify(t, other, sign(t, one, tokens.ES256, end), end)
	mustVerify(t, one, sign(t, other, tokens.EdDSA, end), end)
	if keys := stored(t, docs).Keys; len(keys) != 2 || keys[0].KID != kid && keys[1].KID != kid {
		t.Errorf("a day later the signing keys are %+v, want the two from before", keys)
	}
	if writes := docs.writes - before; writes > 2*2*24*6 { // both notes of both servers, every ten minutes
		t.Errorf("%d writes in a day", writes)
	}
}

// In two steps to another algorithm: its signing key has been published for long when the first token that gateways see is signed with it.
func TestAnotherAlgorithmInTwoSteps(t *testing.T) {
	docs := newDocuments()
	first := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.EdDSA, tokens.Ed25519}}, start)
	jwks, err := first.JWKS(start)
	mustDo(t, err)
	later := start.Add(time.Hour)
	second := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.Ed25519}}, later)
	kid := header(t, sign(t, second, tokens.Ed25519, later)).Kid
	if !strings.Contains(string(jwks), kid) {
		t.Errorf("%s signs, and was not published in the first step: %s", kid, jwks)
	}
}

func byName(ring *tokens.KeyRing, now time.Time) map[tokens.Algorithm]tokens.SigningKeyTimes {
	byName := map[tokens.Algorithm]tokens.SigningKeyTimes{}
	for _, times := range ring.Times(now) {
		byName[times.Algorithm] = times
	}
	return byName
}
