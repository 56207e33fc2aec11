package tokens_test

import (
	"testing"
	"time"

	"mintkey/store"
	"mintkey/tokens"
)

// begin records the lifetime with which a server begins to make tokens, as store.BeginHistory does before the ring is opened.
func begin(t *testing.T, docs store.Documents, lifetime time.Duration) {
	t.Helper()
	mustDo(t, store.UpdateJSON(t.Context(), docs, "longest-lifetime", func(store.LongestLifetime) (store.LongestLifetime, error) {
		return store.LongestLifetime{Seconds: int64(lifetime / time.Second), Since: start}, nil
	}))
}

// A signing key outlives the tokens that it has signed, not those that it would sign with the present setting.
func TestARetiredKeyStaysForTheLongestLifetime(t *testing.T) {
	const day = 24 * time.Hour
	long := tokens.Options{TokenLifetime: day}
	for name, prepare := range map[string]func(t *testing.T, docs *documents) *tokens.KeyRing{
		"lifetime shortened at a restart": func(t *testing.T, docs *documents) *tokens.KeyRing {
			begin(t, docs, day)
			mustDo(t, openRing(t, docs, long, start).Rotate(t.Context(), start, false))
			return openRing(t, docs, tokens.Options{}, start)
		},
		"two servers, the longer one joins a running one": func(t *testing.T, docs *documents) *tokens.KeyRing {
			begin(t, docs, lifetime)
			short := openRing(t, docs, tokens.Options{}, start)
			begin(t, docs, day)
			mustDo(t, openRing(t, docs, long, start).Rotate(t.Context(), start, false))
			mustDo(t, short.Refresh(t.Context(), start))
			return short
		},
		"a history was lost in which it was longer": func(t *testing.T, docs *documents) *tokens.KeyRing {
			begin(t, docs, lifetime)
			ring := openRing(t, docs, tokens.Options{}, start)
			mustDo(t, ring.Rotate(t.Context(), start, false))
			mustDo(t, store.LoseHistory(t.Context(), docs, start.Add(tokens.DefaultPublishBefore)))
			mustDo(t, store.RaiseLifetime(t.Context(), docs, 2*lifetime, start)) // forgets nothing of it
			begun, err := store.TokenLifetime(t.Context(), docs)
			mustDo(t, err)
			if begun.Seconds != int64(2*lifetime/time.Second) {
				t.Errorf("the record is %+v", begun)
			}
			return ring
		},
	} {
		t.Run(name, func(t *testing.T) {
			docs := newDocuments()
			ring := prepare(t, docs)
			changed := start.Add(tokens.DefaultPublishBefore)
			token := sign(t, ring, tokens.ES256, changed.Add(-time.Second)) // by the key that retires; one of a whole day would have it too
			mustVerify(t, ring, token, changed)

			for _, now := range []time.Time{changed.Add(lifetime + 2*time.Minute), changed.Add(day)} {
				mustDo(t, ring.Refresh(t.Context(), now))
				if keys := ring.SigningKeys(now); len(keys) != 2 {
					t.Errorf("%s after it retired, %d signing keys are published, want 2", now.Sub(changed), len(keys))
				}
				if keys := stored(t, docs).Keys; len(keys) != 2 {
					t.Errorf("%s after it retired, %d signing keys are stored, want 2", now.Sub(changed), len(keys))
				}
			}
			end := changed.Add(day + time.Minute)
			mustDo(t, ring.Refresh(t.Context(), end))
			if keys := stored(t, docs).Keys; len(keys) != 1 {
				t.Errorf("%d signing keys are stored after the last token's death, want 1", len(keys))
			}
		})
	}
}

// Where the record of the longest lifetime is damaged, the longest that is allowed counts: keys stay for that long, an emergency still ends
// them, and the record is written again.
func TestADamagedLongestLifetimeCountsAsTheLongestAllowed(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{}, start)
	mustDo(t, ring.Rotate(t.Context(), start, false))
	mustDo(t, docs.UpdateDocument(t.Context(), "longest-lifetime", func([]byte) ([]byte, error) { return []byte("{"), nil }))
	mustDo(t, ring.Refresh(t.Context(), start.Add(store.MaxTokenLifetime)))
	if keys := stored(t, docs).Keys; len(keys) != 2 {
		t.Errorf("%d signing keys are stored, want 2", len(keys))
	}
	mustDo(t, ring.Rotate(t.Context(), start.Add(time.Hour), true))
	if keys := stored(t, docs).Keys; len(keys) != 1 {
		t.Errorf("%d signing keys are stored after an emergency, want the new one", len(keys))
	}
	mustDo(t, store.RaiseLifetime(t.Context(), docs, time.Minute, start))
	known, err := store.ReadJSON[store.LongestLifetime](t.Context(), docs, "longest-lifetime")
	mustDo(t, err)
	if want := (store.LongestLifetime{Seconds: 24 * 60 * 60, Since: start.UTC()}); known != want {
		t.Errorf("the record is %+v, want %+v", known, want)
	}
}
