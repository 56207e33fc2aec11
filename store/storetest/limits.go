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
		{"limit is asked without spending", limitIsAsked},
		{"limits of keys are independent", limitsAreIndependent},
		{"race to spend stays within the limit", racingSpends},
	}
}

// hourly refills too slowly to matter while a case runs.
func hourly(burst int) store.Rate { return store.Rate{Burst: burst, Period: time.Hour} }

func spend(t testing.TB, s store.Limits, key string, rate store.Rate) time.Duration {
	t.Helper()
	wait, err := s.Spend(t.Context(), key, rate)
	check(t, err)
	return wait
}

func wait(t testing.TB, s store.Limits, key string, rate store.Rate) time.Duration {
	t.Helper()
	wait, err := s.Wait(t.Context(), key, rate)
	check(t, err)
	return wait
}

// wantLeft checks that exactly one whole burst is left, and spends it.
func wantLeft(t testing.TB, s store.Limits, key string, rate store.Rate) {
	t.Helper()
	for range rate.Burst {
		equal(t, "wait while something is left for "+key, spend(t, s, key, rate), 0)
	}
	wantWait(t, rate, spend(t, s, key, rate))
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
		eventually(t, "nothing is left", func() bool { return spend(t, s, "ada", rate) > 0 })
		eventually(t, "something is left", func() bool { return wait(t, s, "ada", rate) == 0 })
		equal(t, "wait when something has come", spend(t, s, "ada", rate), 0)
	}
}

func limitRefusedTakesNothing(t testing.TB, at place) {
	s := at.connect(t)
	rate := hourly(3)
	wantLeft(t, s, "ada", rate)
	for range 50 {
		wantWait(t, rate, spend(t, s, "ada", rate))
	}
}

func limitIsAsked(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, elsewhere := both[0], both[1]
	rate := hourly(3)
	for range 10 {
		equal(t, "wait before anything is spent", wait(t, s, "ada", rate), 0)
	}
	wantLeft(t, s, "ada", rate)
	for range 10 {
		wantWait(t, rate, wait(t, elsewhere, "ada", rate))
	}
}

func limitsAreIndependent(t testing.TB, at place) {
	s := at.connect(t)
	wantLeft(t, s, "client/mk_1", hourly(2))
	for _, key := range []string{"client/mk_11", "client/mk_", "user/mk_1", "client/mk_1 ", "CLIENT/mk_1"} {
		wantLeft(t, s, key, hourly(2))
	}
}

func racingSpends(t testing.TB, at place) {
	both := at.connectTwice(t)
	errNoneLeft := errors.New("none left")
	results := race(both, 50, func(s store.Store, _ int) error {
		wait, err := s.Spend(t.Context(), "ada", hourly(7))
		if err == nil && wait > 0 {
			return errNoneLeft
		}
		return err
	})
	equal(t, "spends that succeeded", count(t, results, errNoneLeft), 7)
}
