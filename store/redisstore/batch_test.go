package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// behindRelay is a store with the access key mk_one, whose Redis it reaches through a relay. The other store has no relay.
func behindRelay(t *testing.T) (s, direct *redisstore.Store, r *relay, server *redistest.Server) {
	t.Helper()
	server = redistest.Start(t)
	r = newRelay(t, server.Address())
	s = opened(t, "redis://"+r.address)
	direct = withKey(t, server.URL())
	if err := works(t, s, "mk_one"); err != nil {
		t.Fatal(err)
	}
	return s, direct, r, server
}

// asking reads in the background.
func asking(ctx context.Context, s store.Store) <-chan error {
	result := make(chan error, 1)
	go func() {
		_, err := s.SubjectByClientID(ctx, "mk_one")
		result <- err
	}()
	return result
}

func calls(t *testing.T, server *redistest.Server, command string) int {
	t.Helper()
	found := regexp.MustCompile(`cmdstat_` + command + `:calls=(\d+),`).FindStringSubmatch(server.Do("INFO", "commandstats"))
	if found == nil {
		return 0
	}
	count, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func TestReadsAtOnceShareACommand(t *testing.T) {
	s, _, r, server := behindRelay(t)
	r.delay.Store(int64(100 * time.Millisecond)) // so that they all come before the first answer
	server.Do("CONFIG", "RESETSTAT")
	const readers = 200
	race(t, readers, func(int) error { return works(t, s, "mk_one") })
	if got := calls(t, server, "mget"); got > readers/4 {
		t.Errorf("%d reads at once were %d commands", readers, got)
	}
}

// The answer to an earlier batch is of no use to those who ask after a revocation, however late it comes. They don't wait for it either.
func TestReadAfterARevocationDoesNotTakeAnEarlierAnswer(t *testing.T) {
	s, direct, r, _ := behindRelay(t)
	late := r.holdAnswer()
	earlier := asking(t.Context(), s)
	<-late.given
	mustUpdate(t, direct, revoke("mk_one"))
	if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a read after the revocation: %v", err)
	}
	close(late.release)
	if err := <-earlier; err != nil {
		t.Errorf("the read before it: %v", err)
	}
}

// Writers and readers in traffic, with answers of which some come late: each read has what was acknowledged before it began.
func TestReadsHaveWhatWasAcknowledgedBefore(t *testing.T) {
	t.Parallel()
	s, direct, r, _ := behindRelay(t)
	const writes, readers = 300, 20
	rename := func(n int64) error {
		return direct.UpdateAccount(t.Context(), "acme", func(a policy.Account) (policy.Account, []policy.Event, error) {
			a.Name = fmt.Sprint(n)
			return a, nil, nil
		})
	}
	if err := rename(0); err != nil {
		t.Fatal(err)
	}
	var acknowledged, read atomic.Int64
	var over atomic.Bool
	var traffic sync.WaitGroup
	defer traffic.Wait()
	defer over.Store(true)
	traffic.Go(func() {
		for !over.Load() {
			r.lag.Store(rand.Int64N(2) * int64(40*time.Millisecond))
			time.Sleep(time.Duration(rand.Int64N(int64(20 * time.Millisecond))))
		}
	})
	for range readers {
		traffic.Go(func() {
			for !over.Load() {
				least := acknowledged.Load()
				subject, err := s.SubjectByClientID(t.Context(), "mk_one")
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := strconv.ParseInt(subject.Account.Name, 10, 64); err != nil || got < least {
					t.Errorf("a read that began after change %d has %q", least, subject.Account.Name)
				}
				read.Add(1)
				time.Sleep(time.Duration(rand.Int64N(int64(5 * time.Millisecond)))) // else all would ask when an answer comes
			}
		})
	}
	for n := range int64(writes) {
		before := read.Load()
		if err := rename(n + 1); err != nil {
			t.Fatal(err)
		}
		acknowledged.Store(n + 1)
		redistest.Eventually(t, "reads go on", func() bool { return read.Load() > before || t.Failed() })
	}
	t.Logf("%d reads", read.Load())
}

// Whoever waits for a batch that is never answered learns so, and nobody else notices.
func TestBatchWithoutAnAnswerHarmsOnlyItsOwn(t *testing.T) {
	s, _, r, _ := behindRelay(t)
	late := r.holdAnswer()
	unlucky := asking(t.Context(), s)
	<-late.given
	served := 0
	for {
		select {
		case err := <-unlucky:
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("a read that was not answered: %v", err)
			}
			if served == 0 {
				t.Error("no read was answered meanwhile")
			}
			close(late.release)
			return
		default:
			if err := works(t, s, "mk_one"); err != nil {
				t.Fatal(err)
			}
			served++
		}
	}
}

// A batch outlives the request that asked first. The first batch is held, so that the others gather for the next one.
func TestReaderWhoLeavesHarmsNobody(t *testing.T) {
	s, _, r, _ := behindRelay(t)
	late := r.holdAnswer()
	held := asking(t.Context(), s)
	<-late.given
	r.lag.Store(int64(200 * time.Millisecond))
	ctx, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer leave()
	leaving := asking(ctx, s)
	redistest.Eventually(t, "it waits, or has left", func() bool { return s.Availability().Waiting == 2 || len(leaving) > 0 })
	staying := asking(t.Context(), s)
	if err := <-leaving; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the reader who left: %v", err)
	}
	if err := <-staying; err != nil {
		t.Errorf("the reader who came after it: %v", err)
	}
	close(late.release)
	if err := <-held; err != nil {
		t.Errorf("the first reader: %v", err)
	}
}

// Those whose keys are in a batch, or wait for the next one, are what counts as waiting: once Redis is silent all but 64 are sent away,
// long before it counts as down.
func TestSilenceSendsReadersOfABatchAway(t *testing.T) {
	s, _, _, server := behindRelay(t)
	const readers, stay = 200, 64
	server.Pause()
	t.Cleanup(server.Resume)
	results := make(chan error, readers)
	for range readers {
		go func() { results <- works(t, s, "mk_one") }()
	}
	for range readers - stay {
		if err := <-results; !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a reader that is sent away: %v", err)
		}
	}
	if !s.Availability().Up {
		t.Error("they were sent away only when Redis was down")
	}
	server.Resume()
	for range stay {
		if err := <-results; err != nil {
			t.Errorf("a reader that stays: %v", err)
		}
	}
}
