package storetest

import (
	"errors"
	"testing"
	"time"

	"mintkey/store"
)

func limitCases() []testCase {
	return []testCase{
		{"limit allows a burst", limitAllowsBurst},
		{"limit refills evenly", limitRefills},
		{"limit refused takes nothing", limitRefusedTakesNothing},
		{"limit takes back what was reserved", limitTakesBack},
		{"limit takes back no more than a burst", limitTakesBackNoMore},
		{"limits of keys are independent", limitsAreIndependent},
		{"race to reserve stays within the limit", racingReserves},
	}
}

// hourly refills too slowly to matter while a case runs.
func hourly(burst int) store.Rate { return store.Rate{Burst: burst, Period: time.Hour} }

func reserve(t testing.TB, s store.Limits, key string, rate store.Rate) time.Duration {
	t.Helper()
	wait, err := s.Reserve(t.Context(), key, rate)
	check(t, err)
	return wait
}

// wantLeft checks that exactly one whole burst is left, and reserves it.
func wantLeft(t testing.TB, s store.Limits, key string, rate store.Rate) {
	t.Helper()
	for range rate.Burst {
		equal(t, "wait while something is left for "+key, reserve(t, s, key, rate), 0)
	}
	wantWait(t, rate, reserve(t, s, key, rate))
}

// wantWait checks the time until the next one, which comes after an even part of the period.
func wantWait(t testing.TB, rate store.Rate, got time.Duration) {
	t.Helper()
	if longest := rate.Period / time.Duration(rate.Burst); got <= 0 || got > longest {
		t.Errorf("wait is %v, want more than 0 and at most %v", got, longest)
	}
}

// eventually asks until the answer is yes.
func eventually(t testing.TB, what string, ask func() bool) {
	t.Helper()
	for range 2000 {
		if ask() {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("it never came true that %s", what)
}

func limitAllowsBurst(t testing.TB, at place) {
	s := at.connect(t)
	wantLeft(t, s, "one", hourly(1))
	wantLeft(t, s, "five", hourly(5))
	wantLeft(t, s, "hundred", hourly(100))
}

func limitRefills(t testing.TB, at place) {
	s := at.connect(t)
	rate := store.Rate{Burst: 2, Period: 200 * time.Millisecond}
	for range 3 {
		eventually(t, "nothing is left", func() bool { return reserve(t, s, "ada", rate) > 0 })
		eventually(t, "something is left", func() bool { return reserve(t, s, "ada", rate) == 0 })
	}
}

func limitRefusedTakesNothing(t testing.TB, at place) {
	s := at.connect(t)
	rate := hourly(3)
	wantLeft(t, s, "ada", rate)
	for range 50 {
		wantWait(t, rate, reserve(t, s, "ada", rate))
	}
}

func limitTakesBack(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, elsewhere := both[0], both[1]
	for key, rate := range map[string]store.Rate{"one": hourly(1), "three": hourly(3), "seven": hourly(7)} {
		wantLeft(t, s, key, rate)
		for range 10 {
			check(t, elsewhere.Refund(t.Context(), key, rate))
			equal(t, "wait after one was given back", reserve(t, s, key, rate), 0)
			wantWait(t, rate, reserve(t, s, key, rate))
		}
	}
}

func limitTakesBackNoMore(t testing.TB, at place) {
	s := at.connect(t)
	rate := hourly(3)
	check(t, s.Refund(t.Context(), "ada", rate))
	wantLeft(t, s, "ada", rate)
	for range 10 {
		check(t, s.Refund(t.Context(), "ada", rate))
	}
	wantLeft(t, s, "ada", rate)
}

func limitsAreIndependent(t testing.TB, at place) {
	s := at.connect(t)
	wantLeft(t, s, "client/mk_1", hourly(2))
	for _, key := range []string{"client/mk_11", "client/mk_", "user/mk_1", "client/mk_1 ", "CLIENT/mk_1"} {
		wantLeft(t, s, key, hourly(2))
	}
}

func racingReserves(t testing.TB, at place) {
	both := at.connectTwice(t)
	errNoneLeft := errors.New("none left")
	results := race(both, 50, func(s store.Store, _ int) error {
		wait, err := s.Reserve(t.Context(), "ada", hourly(7))
		if err == nil && wait > 0 {
			return errNoneLeft
		}
		return err
	})
	equal(t, "reservations that succeeded", count(t, results, errNoneLeft), 7)
}
