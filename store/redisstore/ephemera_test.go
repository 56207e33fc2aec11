package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redistest"
)

// A rehearsal may have a clock that is months away from that of Redis, and its sessions must hold.
func TestEphemeraAreForgottenByTheClockOfTheServer(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	expires := time.Date(2001, 1, 1, 0, 0, 0, 1, time.UTC)
	if err := s.PutEphemeral(t.Context(), "session", []byte("ada"), expires); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		now  time.Time
		want error
	}{{expires.Add(-1), nil}, {expires, store.ErrNotFound}} {
		if err := s.ForgetEphemera(t.Context(), step.now); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ephemeral(t.Context(), "session"); !errors.Is(err, step.want) {
			t.Errorf("at %v: %v, want %v", step.now, err, step.want)
		}
	}
	if left := server.Do("ZCARD", "mintkey:{ephemera}:expires"); left != "0" {
		t.Errorf("%s times are left", left)
	}
}

// The session is used, and so prolonged, just when it is about to be forgotten.
func TestProlongedEphemeralIsNotForgotten(t *testing.T) {
	server := redistest.Start(t)
	proxy := newProxy(t, server.Address())
	slow, quick := opened(t, "redis://"+proxy.address), opened(t, server.URL())
	put := func(expires time.Time) {
		if err := quick.PutEphemeral(t.Context(), "session", []byte("ada"), expires); err != nil {
			t.Error(err)
		}
	}
	put(epoch)
	proxy.hold("mintkey:{ephemera}:value:session", func() { put(epoch.Add(time.Hour)) })
	if err := slow.ForgetEphemera(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	if value, err := quick.Ephemeral(t.Context(), "session"); err != nil || string(value) != "ada" {
		t.Errorf("the session is %q, %v", value, err)
	}
}
