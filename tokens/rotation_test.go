package tokens_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/tokens"
)

func TestRotationByItself(t *testing.T) {
	const month = 30 * 24 * time.Hour
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{RotateEvery: month}, start)
	first := only(t, ring.SigningKeys(start), tokens.Active)
	rotation := start.Add(month)

	refresh := func(now time.Time) []tokens.SigningKeyInfo {
		t.Helper()
		mustDo(t, ring.Refresh(t.Context(), now))
		return ring.SigningKeys(now)
	}
	if keys := refresh(rotation.Add(-10*time.Minute - time.Nanosecond)); len(keys) != 1 {
		t.Fatalf("%d signing keys before the rotation is due, want 1", len(keys))
	}
	next := only(t, refresh(rotation.Add(-10*time.Minute)), tokens.Next)
	if !next.ActiveFrom.Equal(rotation) {
		t.Errorf("the next key signs from %s, want %s", next.ActiveFrom, rotation)
	}
	if keys := refresh(rotation.Add(-time.Nanosecond)); only(t, keys, tokens.Active).KID != first.KID || len(keys) != 2 {
		t.Errorf("just before the rotation: %+v", keys)
	}
	lastToken := sign(t, ring, tokens.ES256, rotation.Add(-time.Second))

	keys := refresh(rotation)
	if only(t, keys, tokens.Active).KID != next.KID || only(t, keys, tokens.Retired).KID != first.KID {
		t.Errorf("at the rotation: %+v", keys)
	}
	death := rotation.Add(lifetime)
	refresh(death.Add(-2 * time.Second))
	mustVerify(t, ring, lastToken, death.Add(-2*time.Second))
	if keys := refresh(death.Add(time.Minute - time.Nanosecond)); len(keys) != 2 {
		t.Errorf("%d signing keys within a minute of the last token's death, want 2", len(keys))
	}
	if keys := ring.SigningKeys(death.Add(time.Minute)); len(keys) != 1 {
		t.Errorf("%d signing keys are published after that, want 1", len(keys))
	}
	refresh(death.Add(time.Minute))
	if keys := stored(t, docs).Keys; len(keys) != 1 || keys[0].KID != next.KID {
		t.Errorf("stored after that: %+v, want only %s", keys, next.KID)
	}
}

func TestWithoutRotateEveryNothingRotates(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{}, start)
	mustDo(t, ring.Refresh(t.Context(), start.AddDate(50, 0, 0)))
	if docs.writes != 1 {
		t.Errorf("%d writes in 50 years, want the first only", docs.writes)
	}
}

func TestRotate(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm()}, start)
	mustDo(t, ring.Rotate(t.Context(), start.Add(time.Hour), false))
	mustDo(t, ring.Rotate(t.Context(), start.Add(time.Hour+9*time.Minute), false)) // asked twice
	keys := ring.SigningKeys(start.Add(time.Hour))
	if len(keys) != 6 {
		t.Fatalf("%d signing keys, want an active and a next of three algorithms: %+v", len(keys), keys)
	}
	for i, key := range keys {
		want := []tokens.State{tokens.Active, tokens.Next}[i%2]
		if key.State != want || key.State == tokens.Next && !key.ActiveFrom.Equal(start.Add(70*time.Minute)) {
			t.Errorf("signing key %d: %+v, want %s", i, key, want)
		}
	}
}

func TestEmergency(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{}, start)
	other := openRing(t, docs, tokens.Options{}, start)
	mustDo(t, ring.Rotate(t.Context(), start, false)) // so that there is a next key to withdraw too
	stolen := sign(t, ring, tokens.ES256, start)

	mustDo(t, ring.Rotate(t.Context(), start.Add(time.Second), true))
	mustDo(t, other.Refresh(t.Context(), start.Add(time.Second)))
	for name, replica := range map[string]*tokens.KeyRing{"here": ring, "on another replica": other} {
		now := start.Add(time.Second)
		if keys := replica.SigningKeys(now); len(keys) != 1 || keys[0].State != tokens.Active {
			t.Errorf("%s: %+v, want one new active key", name, keys)
		}
		if _, err := replica.Verify(stolen, tokens.TypeAccessToken, now); err == nil {
			t.Errorf("%s: a token of the old key is accepted", name)
		}
		mustVerify(t, other, sign(t, replica, tokens.ES256, now), now)
	}
}

// An emergency on one replica while another starts a rotation: neither may undo the other.
func TestEmergencyBeatsARotationThatWasPlannedBefore(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{}, start)
	other := openRing(t, docs, tokens.Options{}, start)
	old := only(t, ring.SigningKeys(start), tokens.Active)
	mustDo(t, other.Rotate(t.Context(), start, true))
	mustDo(t, ring.Rotate(t.Context(), start, false)) // has not refreshed since
	for _, key := range ring.SigningKeys(start) {
		if key.KID == old.KID {
			t.Errorf("the withdrawn key is back: %+v", key)
		}
	}
}

func TestClockSetBackAndFarAhead(t *testing.T) {
	docs := newDocuments()
	options := tokens.Options{Algorithms: []tokens.Algorithm{tokens.ES256, tokens.EdDSA}, RotateEvery: 24 * time.Hour}
	openRing(t, docs, options, start)
	for _, offset := range []time.Duration{-2160 * time.Hour, 8760 * time.Hour, 0, -time.Second} {
		now := start.Add(offset)
		ring := openRing(t, docs, options, now)
		for range 200 { // more than two rotations long
			mustDo(t, ring.Refresh(t.Context(), now))
			for _, algorithm := range options.Algorithms {
				mustVerify(t, ring, sign(t, ring, algorithm, now), now)
			}
			now = now.Add(17 * time.Minute)
		}
	}
}

// TestAMonthOfTwoReplicas lets two replicas refresh at random moments, at least every 4 minutes around each of nine rotations,
// and holds every token against both of them when it is new and just before it dies.
func TestAMonthOfTwoReplicas(t *testing.T) {
	const rotateEvery = 72 * time.Hour
	docs := newDocuments()
	options := tokens.Options{Algorithms: []tokens.Algorithm{tokens.EdDSA}, RotateEvery: rotateEvery}
	replicas := []*tokens.KeyRing{openRing(t, docs, options, start), openRing(t, docs, options, start)}
	chance := rand.New(rand.NewPCG(1, 2))
	published := map[string]time.Time{only(t, replicas[0].SigningKeys(start), tokens.Active).KID: start.Add(-time.Hour)}
	signed := make(map[string]bool)
	lastRefresh := []time.Time{start, start}
	var alive []string
	accepted := func(token string, now time.Time) {
		t.Helper()
		for _, replica := range replicas {
			mustVerify(t, replica, token, now)
		}
	}
	for now := start; now.Before(start.AddDate(0, 0, 30)); {
		quiet := true
		for i, replica := range replicas {
			if now.Sub(lastRefresh[i]) >= 4*time.Minute || chance.IntN(3) == 0 {
				mustDo(t, replica.Refresh(t.Context(), now))
				lastRefresh[i] = now
			}
			keys := replica.SigningKeys(now)
			for _, key := range keys {
				if _, known := published[key.KID]; !known {
					published[key.KID] = now
				}
			}
			active := only(t, keys, tokens.Active)
			if age := now.Sub(published[active.KID]); !signed[active.KID] && age < tokens.DefaultPublishBefore {
				t.Fatalf("%s: %s signs after being published for %s", now, active.KID, age)
			}
			signed[active.KID] = true
			quiet = quiet && len(keys) == 1 && now.Sub(active.ActiveFrom) < rotateEvery-2*time.Hour

			token := sign(t, replica, tokens.EdDSA, now)
			accepted(token, now)
			alive = append(alive, token)
		}
		if quiet {
			now, alive = now.Add(time.Hour), nil
			continue
		}
		if oldest := 2 * int(lifetime/time.Minute); len(alive) >= oldest {
			accepted(alive[len(alive)-oldest], now.Add(59*time.Second)) // made 14 minutes ago
		}
		now = now.Add(time.Minute)
	}
	if len(signed) != 10 {
		t.Errorf("%d keys have signed in 30 days, want 10", len(signed))
	}
}

func TestReplicasThatRotateAtOnceAgree(t *testing.T) {
	docs := newDocuments()
	options := tokens.Options{RotateEvery: 24 * time.Hour}
	due := start.Add(24*time.Hour - tokens.DefaultPublishBefore)
	done := make(chan error)
	const replicas = 8
	rings := make([]*tokens.KeyRing, replicas)
	for i := range rings {
		rings[i] = openRing(t, docs, options, start)
	}
	for i, ring := range rings {
		go func() { done <- ring.Refresh(t.Context(), due.Add(time.Duration(i)*time.Millisecond)) }()
	}
	for range rings {
		mustDo(t, <-done)
	}
	for i, ring := range rings {
		if diff := cmp.Diff(rings[0].SigningKeys(due), ring.SigningKeys(due)); diff != "" || len(ring.SigningKeys(due)) != 2 {
			t.Errorf("replica %d has other signing keys (-0 +%[1]d):\n%s", i, diff)
		}
	}
}
