package passwords_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"mintkey/passwords"
)

func TestHashAndVerify(t *testing.T) {
	h := passwords.NewHasher(passwords.Options{})
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"correct horse": true, "Correct horse": false, "": false} {
		if got, err := h.Verify(t.Context(), hash, password); err != nil || got != want {
			t.Errorf("Verify(hash, %q) = %v, %v, want %v", password, got, err, want)
		}
	}
	again, err := h.Hash(t.Context(), "correct horse")
	if err != nil || again == hash || strings.Contains(again, "horse") {
		t.Errorf("a second hash is %q (%v), want another salt and no password in it", again, err)
	}
	if got := h.Hashed(); got != 5 {
		t.Errorf("%d hashes were counted, want 5", got)
	}
}

func TestNobodySignsInWithoutAHash(t *testing.T) {
	h := passwords.NewHasher(passwords.Options{})
	if fits, err := h.Verify(t.Context(), "", ""); fits || err != nil {
		t.Errorf("Verify of no hash = %v, %v, want false without an error", fits, err)
	}
	if h.Hashed() != 1 {
		t.Error("nothing was hashed for an unknown user, who can be told from a known one by the time it takes")
	}
}

func TestBrokenHash(t *testing.T) {
	h := passwords.NewHasher(passwords.Options{})
	if fits, err := h.Verify(t.Context(), "$argon2id$broken", "password"); fits || err == nil {
		t.Errorf("Verify of a broken hash = %v, %v, want an error", fits, err)
	}
}

// Of many at once as many are hashed as fit into the queue; the others are refused and cost nothing.
func TestAFullQueueIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiting, asked = 5, 40
		h := passwords.NewHasher(passwords.Options{Slots: 2, Waiting: waiting})
		release := h.Hold()
		results := make(chan error, asked)
		for range asked {
			go func() {
				_, err := h.Verify(t.Context(), "", "x")
				results <- err
			}()
		}
		synctest.Wait()
		if h.Hashed() != 0 || len(results) != asked-waiting {
			t.Errorf("before a slot is free %d were hashed and %d answered, want 0 and %d", h.Hashed(), len(results), asked-waiting)
		}
		release()
		busy := 0
		for range asked {
			if err := <-results; errors.Is(err, passwords.ErrBusy) {
				busy++
			} else if err != nil {
				t.Error(err)
			}
		}
		if busy != asked-waiting || h.Hashed() != waiting {
			t.Errorf("%d were busy and %d hashed, want %d and %d", busy, h.Hashed(), asked-waiting, waiting)
		}
	})
}

// Whoever stops waiting makes room for another.
func TestAWaiterCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := passwords.NewHasher(passwords.Options{Slots: 1, Waiting: 1})
		release := h.Hold()
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := h.Hash(ctx, "correct horse")
			left <- err
		}()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v, want context.Canceled", err)
		}
		go func() {
			_, err := h.Hash(t.Context(), "correct horse")
			left <- err
		}()
		synctest.Wait()
		release()
		if err := <-left; err != nil || h.Hashed() != 1 {
			t.Errorf("the next one got %v and %d were hashed, want one hash", err, h.Hashed())
		}
	})
}

// In a process that has much memory of its own, which lets the garbage collector take its time, the garbage of hashes does not pile up.
func TestHashingTakesLittleMemory(t *testing.T) {
	h := passwords.NewHasher(passwords.Options{Slots: 4, Waiting: 100})
	own := make([]byte, 300<<20)
	runtime.GC()
	before := heapFromSystem()
	var all sync.WaitGroup
	for range 80 {
		all.Go(func() {
			if _, err := h.Verify(t.Context(), "", "x"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	runtime.KeepAlive(own)
	if grown := heapFromSystem() - before; grown > 256<<20 {
		t.Errorf("hashing took %d MiB, want at most 256", grown>>20)
	}
}

// heapFromSystem is what the heap ever took from the system.
func heapFromSystem() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys
}
