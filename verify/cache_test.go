package verify_test

import (
	"testing"
	"testing/synctest"
	"time"

	"mintkey/verify"
)

func cachedOf(heard *events) (cached int) {
	for _, event := range heard.of(verify.EventVerified) {
		if event.Cached {
			cached++
		}
	}
	return cached
}

func TestTheCacheIsBounded(t *testing.T) {
	i := newIssuer(t)
	var heard events
	v := newVerifier(t, i, heard.record, func(c *verify.Config) { c.CacheSize = 10 })
	tokens := make([]string, 30)
	for n := range tokens {
		tokens[n] = i.mint(nil)
		mustVerify(t, v, tokens[n])
	}
	if n := cachedOf(&heard); n != 0 {
		t.Fatalf("%d tokens were known at first sight", n)
	}
	for _, token := range tokens { // each is asked once more, so a hit was in the cache before this loop
		mustVerify(t, v, token)
	}
	hits := cachedOf(&heard)
	if hits > 10 {
		t.Errorf("%d of 30 tokens known to a cache of 10", hits)
	}
	mustVerify(t, v, tokens[29])
	if n := cachedOf(&heard); n != hits+1 {
		t.Error("the token of just before is not known")
	}
}

func TestAFullCacheTakesTheNewest(t *testing.T) {
	i := newIssuer(t)
	var heard events
	v := newVerifier(t, i, heard.record, func(c *verify.Config) { c.CacheSize = 1 })
	for n := range 3 {
		token := i.mint(nil)
		mustVerify(t, v, token)
		mustVerify(t, v, token)
		if cached := cachedOf(&heard); cached != n+1 {
			t.Errorf("%d tokens known, want %d", cached, n+1)
		}
	}
}

func TestNoCache(t *testing.T) {
	i := newIssuer(t)
	var heard events
	v := newVerifier(t, i, heard.record, func(c *verify.Config) { c.CacheSize = -1 })
	token := i.mint(nil)
	for range 3 {
		mustVerify(t, v, token)
	}
	if n := cachedOf(&heard); n != 0 {
		t.Errorf("%d tokens known without a cache", n)
	}
}

func TestExpiredTokensMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		var heard events
		v := newVerifier(t, i, heard.record, func(c *verify.Config) { c.CacheSize = 8 })
		lasting := i.mint(object{"exp": time.Now().Add(time.Hour).Unix()})
		mustVerify(t, v, lasting)
		const rounds = 10
		for range rounds {
			for range 7 {
				mustVerify(t, v, i.mint(object{"exp": time.Now().Add(time.Minute).Unix()}))
			}
			time.Sleep(time.Minute)
			mustVerify(t, v, lasting)
		}
		if n := cachedOf(&heard); n != rounds {
			t.Errorf("the living token was known %d times of %d: it had to go before dead ones", n, rounds)
		}
	})
}

// A refused token must be refused again, and not for its place in the cache.
func TestARevokedTokenLeavesTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		var heard events
		v := newVerifier(t, i, heard.record)
		token := i.mint(i.status(9))
		mustVerify(t, v, token)
		i.revoke(9)
		time.Sleep(10 * time.Second)
		wantError(t, v, token, verify.ErrRevoked)
		wantError(t, v, token, verify.ErrRevoked)
		if n := cachedOf(&heard); n != 1 {
			t.Errorf("%d times found in the cache, want once, when it was thrown out", n)
		}
	})
}
