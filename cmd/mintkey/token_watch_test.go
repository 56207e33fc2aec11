package main_test

import (
	"testing"
	"time"

	mintkey "mintkey/cmd/mintkey"
)

// A token is renewed with a third of its life to spare, and not by all programs at the same time.
func TestRenewAfter(t *testing.T) {
	for _, life := range []time.Duration{time.Second, 15 * time.Minute, 24 * time.Hour} {
		seen := map[time.Duration]bool{}
		for range 1000 {
			after := mintkey.RenewAfter(life)
			seen[after] = true
			if after < life*56/100 || after > life*67/100 {
				t.Fatalf("a token of %v is renewed after %v", life, after)
			}
		}
		if len(seen) < 100 {
			t.Errorf("a token of %v is renewed after one of %d times only", life, len(seen))
		}
	}
}

// A server that is away is asked soon at first, and never less often than twice a minute, however long it stays away.
func TestRetryAfter(t *testing.T) {
	for failures, most := range map[int]time.Duration{
		0: 500 * time.Millisecond, 1: time.Second, 3: 4 * time.Second, 6: 30 * time.Second, 1000: 30 * time.Second,
	} {
		for range 1000 {
			if after := mintkey.RetryAfter(failures); after > most || after < most/2 {
				t.Fatalf("after %d failures it waits for %v; want half of %v at least, and that at most", failures, after, most)
			}
		}
	}
}
