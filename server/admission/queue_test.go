package admission_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mintkey/server/admission"
)

func newQueue(places, waiting int) *admission.Queue {
	return admission.New(admission.Options{Places: places, Waiting: waiting, Wait: time.Minute})
}

func enter(t *testing.T, q *admission.Queue, lane string) admission.Place {
	t.Helper()
	place, err := q.Enter(t.Context(), lane)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// Free places go round the lanes in turn, so a request waits for one of each other lane and not for all that came before it.
func TestLanesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2, 1000)
		held := []admission.Place{enter(t, q, "storm"), enter(t, q, "other")}
		var mu sync.Mutex
		var order []string
		wait := func(lane string) {
			go func() {
				place, err := q.Enter(context.Background(), lane)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, lane)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				place.Leave()
			}()
			synctest.Wait()
		}
		for range 100 {
			wait("storm")
		}
		wait("quiet")
		wait("calm")
		for _, place := range held {
			place.Leave()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		late := map[string]int{}
		for i, lane := range order {
			if lane != "storm" {
				late[lane] = i
			}
		}
		if len(order) != 102 || late["quiet"] > 4 || late["calm"] > 4 {
			t.Errorf("%d were let in, quiet as number %d and calm as number %d", len(order), late["quiet"], late["calm"])
		}
		if taken, waiting := q.Load(); taken != 0 || waiting != 0 {
			t.Errorf("%d places are still taken and %d wait", taken, waiting)
		}
	})
}

// A lane whose requests take long has half of the places at most: the others find one at once.
func TestASlowLaneLeavesPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(8, 1000)
		slow, stop := context.WithCancel(t.Context())
		defer stop()
		for range 50 {
			go func() {
				if place, err := q.Enter(slow, "slow"); err == nil {
					<-slow.Done()
					place.Leave()
				}
			}()
		}
		synctest.Wait()
		if taken, waiting := q.Load(); taken != 4 || waiting != 46 {
			t.Errorf("%d are worked on and %d wait, want 4 and 46", taken, waiting)
		}
		begun := time.Now()
		for i := range 4 {
			defer enter(t, q, fmt.Sprint("quiet", i)).Leave()
		}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("the others waited %v", waited)
		}
	})
}

// Requests that are worked on for long leave their places to others, up to a bound, and take none of them when they end.
func TestSlowRequestsLeavePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := admission.New(admission.Options{Places: 2, Slow: 6, Waiting: 1000, Wait: time.Minute})
		slow, stop := context.WithCancel(t.Context())
		for i := range 20 {
			go func() {
				if place, err := q.Enter(slow, fmt.Sprint("slow", i%4)); err == nil {
					<-slow.Done()
					place.Leave()
				}
			}()
		}
		synctest.Wait()
		if taken, waiting := q.Load(); taken != 2 || waiting != 18 {
			t.Errorf("at first %d are worked on and %d wait, want 2 and 18", taken, waiting)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if taken, waiting := q.Load(); taken != 8 || waiting != 12 {
			t.Errorf("after a second %d are worked on and %d wait, want 8 and 12", taken, waiting)
		}
		stop()
		synctest.Wait()
		begun := time.Now()
		for range 10 {
			enter(t, q, "a").Leave()
		}
		places := []admission.Place{enter(t, q, "a"), enter(t, q, "b")}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("those who came later waited %v", waited)
		}
		late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := q.Enter(late, "c"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third at once: %v", err)
		}
		for _, place := range places {
			place.Leave()
		}
		if taken, waiting := q.Load(); taken != 0 || waiting != 0 {
			t.Errorf("%d places are taken and %d wait", taken, waiting)
		}
		time.Sleep(time.Second) // the clock stops
	})
}

// One lane fills half of the queue at most, and who waits too long or has gone is let go.
func TestAFullQueueRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 10)
		held := enter(t, q, "storm")
		var full sync.WaitGroup
		for range 5 {
			full.Go(func() {
				if _, err := q.Enter(context.Background(), "storm"); !admission.Full(err) {
					t.Errorf("after a minute: %v", err)
				}
			})
		}
		synctest.Wait()
		if _, err := q.Enter(t.Context(), "storm"); !admission.Full(err) {
			t.Errorf("the sixth of the lane: %v", err)
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := q.Enter(gone, "quiet"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one that has gone: %v", err)
		}
		full.Wait()
		held.Leave()
		if taken, waiting := q.Load(); taken != 0 || waiting != 0 {
			t.Errorf("%d places are taken and %d wait", taken, waiting)
		}
	})
}

// A place that is free costs no allocation.
func TestAFreePlaceAllocatesNothing(t *testing.T) {
	q := newQueue(64, 100)
	if n := testing.AllocsPerRun(1000, func() {
		place, err := q.Enter(t.Context(), "quiet")
		if err != nil {
			t.Fatal(err)
		}
		place.Leave()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

type job func()

func (j job) Do() { j() }

// A panic of a handler reaches the goroutine of its connection, with its stack, and the next handler finds a worker.
func TestAPanicComesOutOfTheWorker(t *testing.T) {
	var workers admission.Workers
	func() {
		defer func() {
			err, ok := recover().(error)
			if !ok || !errors.Is(err, http.ErrAbortHandler) {
				t.Errorf("recovered %v", err)
			}
		}()
		workers.Do(job(func() { panic(http.ErrAbortHandler) }))
	}()
	done := false
	workers.Do(job(func() { done = true }))
	if !done {
		t.Error("the next was not done")
	}
}

// What was good is known by lane, and what is forgotten is only what was not used for long.
func TestKnown(t *testing.T) {
	k := admission.NewKnown()
	k.Learn(k.Of("Basic YTpi"), "tenant ", "load")
	if lane, ok := k.Lane(k.Of("Basic YTpi")); !ok || lane != "tenant load" {
		t.Errorf("lane %q", lane)
	}
	if _, ok := k.Lane(k.Of("Basic YTpj")); ok {
		t.Error("another secret is known")
	}
	for i := range 40_000 {
		k.Learn(k.Of(fmt.Sprint(i)), "tenant ", "other")
	}
	if _, ok := k.Lane(k.Of("Basic YTpi")); ok {
		t.Error("nothing is ever forgotten")
	}
}

func BenchmarkAFreePlace(b *testing.B) {
	q := newQueue(64, 100)
	for b.Loop() {
		place, _ := q.Enter(b.Context(), "quiet")
		place.Leave()
	}
}
