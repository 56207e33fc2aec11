package redisstore_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mintkey/store/redisstore"
)

// gathering is requests that read through a gatherer, in the time of a synctest bubble.
type gathering struct {
	redisstore.Gathering

	began   time.Time
	mu      sync.Mutex
	batches []int           // how many keys each has had
	left    []time.Duration // when each has left
}

// roundTrip is how long an answer takes.
const roundTrip = 200 * time.Microsecond

func newGathering(underWay int, waits bool) *gathering {
	g := &gathering{began: time.Now()}
	g.Gathering = redisstore.NewGathering(func(keys int) {
		g.mu.Lock()
		g.batches, g.left = append(g.batches, keys), append(g.left, time.Since(g.began))
		g.mu.Unlock()
		time.Sleep(roundTrip)
	}, waits)
	for range underWay {
		g.RequestBegan()
	}
	return g
}

// ask has as many requests read, each a key of its own, and returns once they wait.
func (g *gathering) ask(requests int) {
	for i := range requests {
		go g.Ask(fmt.Sprint(time.Since(g.began), i))
	}
	synctest.Wait()
}

func (g *gathering) check(t *testing.T, batches []int, left []time.Duration) {
	t.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	if !slices.Equal(g.batches, batches) || !slices.Equal(g.left, left) {
		t.Errorf("batches of %v keys left after %v, want %v after %v", g.batches, g.left, batches, left)
	}
}

func TestABatchWaitsForThoseWhoAreUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(10, true)
		g.ask(4)
		time.Sleep(100 * time.Microsecond)
		g.ask(1)
		g.check(t, []int{5}, []time.Duration{100 * time.Microsecond})
	})
}

// Those who have been answered are under way again, and come back only when they are done. Meanwhile others gather.
func TestABatchWaitsForThoseWhoWereAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(10, true)
		g.ask(5)
		g.ask(2) // while the first batch is on its way
		time.Sleep(roundTrip)
		g.ask(3)
		g.check(t, []int{5, 5}, []time.Duration{0, roundTrip})
	})
}

func TestABatchDoesNotWaitForThoseWhoAreDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(3, true)
		g.ask(1)
		time.Sleep(100 * time.Microsecond)
		g.RequestEnded()
		g.check(t, []int{1}, []time.Duration{100 * time.Microsecond})
	})
}

// Requests that are under way for long, because of a slow client or a password, hold up nobody for longer than that.
func TestABatchWaitsAMomentOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(100, true)
		g.ask(3)
		g.check(t, []int{3}, []time.Duration{time.Millisecond})
	})
}

func TestALoneRequestWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(1, true)
		g.ask(1)
		g.check(t, []int{1}, []time.Duration{0})
	})
}

// In a Cluster those who are under way may read elsewhere.
func TestABatchOfAClusterWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(10, false)
		g.ask(1)
		g.check(t, []int{1}, []time.Duration{0})
	})
}
