package server_test

import (
	"strings"
	"testing"

	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// A Redis that refuses to count, because it is full, must not switch the limits off (R23).
func TestLimitsHoldWhileRedisIsFull(t *testing.T) {
	redis := redistest.Start(t)
	opened, err := redisstore.Open(t.Context(), redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, opened)
	w.withPassword("pia", "mill")
	wrongSecret := form{"grant_type": {"client_credentials"}, "client_id": {w.mia.clientID}, "client_secret": {"mks_guess"}}
	redis.Do("CONFIG", "SET", "maxmemory", "1")
	for range 30 {
		w.postForm(wrongSecret, from("10.0.0.1")).want(401)
	}
	w.postForm(wrongSecret, from("10.0.0.1")).want(429)
	guesses := 0
	for w.postForm(login("mill", "pia", "wrong password"), from("10.0.0.2")).status == 400 && guesses < 100 {
		guesses++
	}
	if guesses != 10 { // memory goes by the clock of the test, which stands still
		t.Errorf("%d wrong passwords were checked, want 10", guesses)
	}
	w.postForm(login("mill", "pia", password), from("10.0.0.3")).want(200)
	if lines := strings.Count(w.log.String(), "rate limiter unavailable; counting in memory"); lines != 1 {
		t.Errorf("the log says %d times that memory counts, want once", lines)
	}
}
