package tokens_test

import (
	"log/slog"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/tokens"
)

// A server whose clock is three hours ahead drops no signing key that the others still need, and begins no rotation.
func TestAClockAheadDropsNoSigningKey(t *testing.T) {
	docs := newDocuments()
	options := tokens.Options{RotateEvery: 2 * time.Hour}
	right := openRing(t, docs, options, start)
	token := sign(t, right, tokens.ES256, start)
	options.Agreed = &store.AgreedTime{Documents: docs, Log: slog.New(slog.DiscardHandler)}
	options.Agreed.Until(t.Context(), start) // as servers did so far
	ahead := openRing(t, docs, options, start.Add(3*time.Hour))
	for minute := range 15 {
		mustDo(t, ahead.Refresh(t.Context(), start.Add(3*time.Hour+time.Duration(minute)*time.Minute)))
	}
	mustDo(t, right.Refresh(t.Context(), start.Add(time.Minute)))
	mustVerify(t, right, token, start.Add(time.Minute))
	if keys := stored(t, docs).Keys; len(keys) != 1 {
		t.Errorf("%d signing keys are stored, want the one", len(keys))
	}
}
