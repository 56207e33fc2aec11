package storetest

import (
	"strings"
	"testing"
	"time"

	"mintkey/store"
)

func ephemeraCases() []testCase {
	return []testCase{
		{"ephemeral is kept", ephemeralIsKept},
		{"ephemeral missing", ephemeralMissing},
		{"ephemeral is taken once", ephemeralIsTakenOnce},
		{"ephemeral is deleted", ephemeralIsDeleted},
		{"ephemeral is updated", ephemeralIsUpdated},
		{"ephemera are forgotten after their time", ephemeraAreForgotten},
		{"race for an ephemeral has one winner", racingTakes},
		{"updates of an ephemeral at once all count", racingUpdates},
	}
}

// A store may judge by real time when a value can be forgotten, so the cases use times that are past or far off by any clock.
func farOff() time.Time { return time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC) }

func longPast() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) }

func keep(t testing.TB, s store.Ephemera, key, value string) {
	t.Helper()
	check(t, s.PutEphemeral(t.Context(), key, []byte(value), farOff()))
}

func wantEphemeral(t testing.TB, s store.Ephemera, key, want string) {
	t.Helper()
	got, err := s.Ephemeral(t.Context(), key)
	check(t, err)
	equal(t, "value of "+key, string(got), want)
}

func wantNoEphemeral(t testing.TB, s store.Ephemera, key string) {
	t.Helper()
	_, err := s.Ephemeral(t.Context(), key)
	wantError(t, err, store.ErrNotFound)
}

func ephemeralIsKept(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, elsewhere := both[0], both[1]
	value := []byte("not JSON: \x00\xff\r\n")
	check(t, s.PutEphemeral(t.Context(), "session/1", value, farOff()))
	scribble(&value)
	keep(t, s, "session/11", "another")
	keep(t, s, "session", "")
	wantEphemeral(t, elsewhere, "session/1", "not JSON: \x00\xff\r\n")
	wantEphemeral(t, elsewhere, "session", "")
	keep(t, elsewhere, "session/1", "replaced")
	wantEphemeral(t, s, "session/1", "replaced")
	wantEphemeral(t, s, "session/11", "another")
}

func ephemeralMissing(t testing.TB, at place) {
	s := at.connect(t)
	wantNoEphemeral(t, s, "session/1")
	_, err := s.TakeEphemeral(t.Context(), "session/1")
	wantError(t, err, store.ErrNotFound)
	keep(t, s, "session/11", "another")
	wantNoEphemeral(t, s, "session/1")
	check(t, s.ForgetEphemera(t.Context(), day(0)))
	wantEphemeral(t, s, "session/11", "another")
}

func ephemeralIsTakenOnce(t testing.TB, at place) {
	s := at.connect(t)
	keep(t, s, "link/1", "value")
	keep(t, s, "link/2", "other")
	got, err := s.TakeEphemeral(t.Context(), "link/1")
	check(t, err)
	equal(t, "taken", string(got), "value")
	_, err = s.TakeEphemeral(t.Context(), "link/1")
	wantError(t, err, store.ErrNotFound)
	wantNoEphemeral(t, s, "link/1")
	wantEphemeral(t, s, "link/2", "other")
}

func ephemeralIsDeleted(t testing.TB, at place) {
	s := at.connect(t)
	keep(t, s, "session/1", "value")
	keep(t, s, "session/2", "other")
	check(t, s.DeleteEphemeral(t.Context(), "session/1"))
	check(t, s.DeleteEphemeral(t.Context(), "session/1"))
	wantNoEphemeral(t, s, "session/1")
	wantEphemeral(t, s, "session/2", "other")
}

func ephemeralIsUpdated(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	keep(t, s, "sessions/11", "another")
	refused := s.UpdateEphemeral(ctx, "sessions/1", func(before []byte) ([]byte, time.Time, error) {
		if before != nil {
			t.Errorf("a missing value is passed as %q, want nil", before)
		}
		return []byte("refused"), farOff(), errRefused
	})
	wantRefused(t, refused)
	wantNoEphemeral(t, s, "sessions/1")
	keep(t, s, "sessions/1", "")
	for _, step := range []struct {
		want, next string
		expires    time.Time
	}{{"", "first", longPast()}, {"first", "second", farOff()}} {
		check(t, s.UpdateEphemeral(ctx, "sessions/1", func(before []byte) ([]byte, time.Time, error) {
			if before == nil {
				t.Error("an empty value is passed as none")
			}
			equal(t, "value before the change", string(before), step.want)
			return []byte(step.next), step.expires, nil
		}))
	}
	check(t, s.ForgetEphemera(ctx, day(0)))
	wantEphemeral(t, s, "sessions/1", "second")
	wantEphemeral(t, s, "sessions/11", "another")
}

// ephemeraAreForgotten also prolongs and shortens a life: only the last word counts.
func ephemeraAreForgotten(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	brief := func(key string) { check(t, s.PutEphemeral(ctx, key, []byte("brief"), longPast())) }
	brief("brief")
	keep(t, s, "long", "long")
	brief("prolonged")
	keep(t, s, "prolonged", "long")
	keep(t, s, "shortened", "long")
	brief("shortened")
	brief("deleted")
	check(t, s.DeleteEphemeral(ctx, "deleted"))
	keep(t, s, "deleted", "back")
	check(t, s.ForgetEphemera(ctx, day(0)))
	for _, key := range []string{"brief", "shortened"} {
		eventually(t, key+" is forgotten", func() bool {
			_, err := s.Ephemeral(ctx, key)
			return err != nil
		})
		wantNoEphemeral(t, s, key)
	}
	wantEphemeral(t, s, "long", "long")
	wantEphemeral(t, s, "prolonged", "long")
	wantEphemeral(t, s, "deleted", "back")
}

func racingTakes(t testing.TB, at place) {
	both := at.connectTwice(t)
	keep(t, both[0], "link", "value")
	results := race(both, 50, func(s store.Store, _ int) error {
		value, err := s.TakeEphemeral(t.Context(), "link")
		if err == nil {
			equal(t, "taken", string(value), "value")
		}
		return err
	})
	equal(t, "takers who got the value", count(t, results, store.ErrNotFound), 1)
}

func racingUpdates(t testing.TB, at place) {
	both := at.connectTwice(t)
	const times = 20
	results := race(both, times, func(s store.Store, _ int) error {
		return s.UpdateEphemeral(t.Context(), "sessions", func(before []byte) ([]byte, time.Time, error) {
			return append(before, 'x'), farOff(), nil
		})
	})
	equal(t, "updates", count(t, results, errRefused), times)
	wantEphemeral(t, both[0], "sessions", strings.Repeat("x", times))
}
