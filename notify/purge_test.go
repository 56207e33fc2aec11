package notify_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/store"
)

// A clock that is far ahead for a while purges nothing, and what it left alone is purged when its time has come.
func TestAClockFarAheadPurgesNothing(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	scheduler := &notify.Scheduler{Store: s, Agreed: &store.AgreedTime{Documents: s, Log: slog.New(slog.DiscardHandler)}}
	purged := func() bool { return strings.Contains(strings.Join(told(t, s), "\n"), "mk_1 key.purged") }
	must(t, scheduler.Tick(t.Context(), noon))
	for minute := range 3 {
		must(t, scheduler.Tick(t.Context(), noon.Add(2900*time.Hour+time.Duration(minute)*time.Minute)))
	}
	if purged() {
		t.Fatal("a key was purged on the word of one clock")
	}
	for at := after(119); !at.After(after(121)); at = at.Add(time.Minute) { // the server was off for months
		must(t, scheduler.Tick(t.Context(), at))
		if purged() && at.Before(after(120)) {
			t.Fatalf("purged at %s", at)
		}
	}
	if !purged() {
		t.Errorf("the key was not purged in the end: %q", told(t, s))
	}
}
