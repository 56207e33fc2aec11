package redisstore_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
	"mintkey/store/redistest"
)

// A budget is one small key under the prefix of all the others. It has no part of what it is for, and ends when it is whole again.
func TestLimitsAreSmallKeysThatEnd(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	rate := store.Rate{Burst: 2, Period: time.Hour}
	for range 5 {
		if _, err := s.Reserve(t.Context(), "ada@example.com", rate); err != nil {
			t.Fatal(err)
		}
	}
	key := theLimit(t, server)
	if !strings.HasPrefix(key, "mintkey:limit:") || strings.Contains(key, "ada") || len(key) > 50 {
		t.Fatalf("the key is %q", key)
	}
	if left, err := strconv.Atoi(server.Do("PTTL", key)); err != nil || left <= 59*60*1000 || left > 60*60*1000 {
		t.Errorf("a budget that is used up ends in %d ms (%v), want an hour", left, err)
	}
	for range 2 {
		if err := s.Refund(t.Context(), "ada@example.com", rate); err != nil {
			t.Fatal(err)
		}
	}
	if left := server.Do("EXISTS", key); left != "0" {
		t.Errorf("a budget that is whole is kept: %s", server.Do("GET", key))
	}
}

// A clock that was set back, as by a failover, keeps nobody waiting for longer than the budget itself.
func TestLimitsSurviveAClockThatWasSetBack(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	rate := store.Rate{Burst: 2, Period: time.Hour}
	if _, err := s.Reserve(t.Context(), "ada", rate); err != nil {
		t.Fatal(err)
	}
	server.Do("SET", theLimit(t, server), strconv.FormatInt(time.Now().Add(1000*time.Hour).UnixMicro(), 10))
	wait, err := s.Reserve(t.Context(), "ada", rate)
	if err != nil || wait <= 0 || wait > 30*time.Minute {
		t.Errorf("the wait is %v (%v), want at most 30m", wait, err)
	}
}

// theLimit is the only key that a new store has beside its schema.
func theLimit(t *testing.T, server *redistest.Server) string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Address()})
	defer client.Close()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == "mintkey:schema" })
	if len(keys) != 1 {
		t.Fatalf("the keys are %q, want one limit", keys)
	}
	return keys[0]
}
