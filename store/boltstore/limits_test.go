package boltstore_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mintkey/store"
	"mintkey/store/boltstore"
)

// allowed counts how many of n can be spent at once.
func allowed(t *testing.T, s *boltstore.Store, key string, rate store.Rate, n int) (count int) {
	t.Helper()
	for range n {
		wait, err := s.Reserve(t.Context(), key, rate)
		check(t, err)
		if wait == 0 {
			count++
		}
	}
	return count
}

func TestLimitRefillsEvenly(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	synctest.Test(t, func(t *testing.T) {
		rate := store.Rate{Burst: 4, Period: time.Minute} // one in 15 seconds
		for _, step := range []struct {
			sleep time.Duration
			want  int
		}{
			{0, 4},
			{14999 * time.Millisecond, 0},
			{2 * time.Millisecond, 1},
			{30 * time.Second, 2},
			{14 * time.Second, 0},
			{time.Hour, 4}, // never more than a burst
		} {
			time.Sleep(step.sleep)
			if got := allowed(t, s, "ada", rate, 10); got != step.want {
				t.Errorf("%v later %d can be spent, want %d", step.sleep, got, step.want)
			}
		}
		wait, err := s.Reserve(t.Context(), "ada", rate)
		check(t, err)
		if wait != 15*time.Second {
			t.Errorf("the wait is %v, want 15s", wait)
		}
	})
}

// Many keys, long ones, must not fill the memory, and must not drive out a budget that is used up.
func TestFloodOfKeys(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	rate := store.Rate{Burst: 5, Period: time.Hour}
	if got := allowed(t, s, "guessed", rate, 10); got != 5 {
		t.Fatalf("%d can be spent at first, want 5", got)
	}
	before := heap()
	long := strings.Repeat("x", 1000)
	for i := range 300_000 {
		_, err := s.Reserve(t.Context(), fmt.Sprint(i, long), rate)
		check(t, err)
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("the flood takes %d MiB of memory", grown>>20)
	}
	if got := allowed(t, s, "guessed", rate, 10); got != 0 {
		t.Errorf("after the flood %d can be spent, want 0", got)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
