package notify_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/logs"
	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
)

// countingStore counts how often a server looks for what is due, and how many memberships it reads.
type countingStore struct {
	fullStore
	looks       atomic.Int64
	memberships atomic.Int64
}

func (s *countingStore) Membership(ctx context.Context, tenantID, userID string) (policy.Membership, error) {
	s.memberships.Add(1)
	return s.fullStore.Membership(ctx, tenantID, userID)
}

func (s *countingStore) Accounts(ctx context.Context, page store.Page) ([]policy.Account, error) {
	if page.After == "" {
		s.looks.Add(1)
	}
	return s.fullStore.Accounts(ctx, page)
}

func newRunner(s fullStore, now func() time.Time, channels ...notify.Channel) *notify.Runner {
	log := slog.New(slog.DiscardHandler)
	return &notify.Runner{
		Scheduler: &notify.Scheduler{Store: s},
		Outbox:    notify.NewOutboxWorker(s, s, log, channels...),
		Documents: s, Log: log, Now: now, Outages: logs.NewOutages(),
	}
}

// runIn runs the runner until the returned function is called, which waits for its end.
func runIn(t *testing.T, r *notify.Runner) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func TestRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openBolt(t)
		small(t, s)
		addKey(t, s, "ada", newKey("mk_1", "", noon))
		channel := &recorder{name: "mail"}
		start := time.Now()
		clock := func() time.Time { return after(83).Add(-90 * time.Second).Add(time.Since(start)) } // a shifted clock
		stop := runIn(t, newRunner(s, clock, channel))
		defer stop()
		time.Sleep(119 * time.Second)
		synctest.Wait()
		if channel.delivered() != 1 {
			t.Errorf("%d notices before the second minute, want that of the thirtieth day", channel.delivered())
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if channel.delivered() != 2 {
			t.Errorf("%d notices after the second minute, want that of the seventh day too", channel.delivered())
		}
	})
}

func TestOneServerLooksAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openBolt(t)
		small(t, s)
		stores := []*countingStore{{fullStore: s}, {fullStore: s}, {fullStore: s}}
		var stops []func()
		for _, counting := range stores {
			stops = append(stops, runIn(t, newRunner(counting, time.Now)))
			time.Sleep(time.Second)
		}
		looks := func() (all []int64) {
			for _, counting := range stores {
				all = append(all, counting.looks.Swap(0))
			}
			return all
		}
		time.Sleep(10*time.Minute - 4*time.Second)
		if diff := cmp.Diff([]int64{10, 0, 0}, looks()); diff != "" {
			t.Errorf("in ten minutes: %s", diff)
		}
		stops[0]() // in order: the lease is free
		time.Sleep(time.Minute)
		if got := looks(); got[1]+got[2] != 1 {
			t.Errorf("in the minute after a stop: %v looks", got)
		}
		for _, stop := range stops[1:] {
			stop()
		}
	})
}

// A server that has died keeps its lease for a minute and a half at most; so does one whose clock has been ahead by days.
func TestADeadServersLeaseEnds(t *testing.T) {
	for _, ahead := range []time.Duration{0, 48 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := openBolt(t)
			small(t, s)
			var lease []byte
			dead := runIn(t, newRunner(s, func() time.Time { return time.Now().Add(ahead) }))
			time.Sleep(time.Second)
			lease, err := s.Document(t.Context(), "upkeep")
			must(t, err)
			dead()
			must(t, s.UpdateDocument(t.Context(), "upkeep", func([]byte) ([]byte, error) { return lease, nil })) // as if it had not stopped in order
			counting := &countingStore{fullStore: s}
			stop := runIn(t, newRunner(counting, time.Now))
			defer stop()
			time.Sleep(2*time.Minute + time.Second)
			synctest.Wait()
			if counting.looks.Load() == 0 {
				t.Errorf("%v ahead: nobody looks", ahead)
			}
			if ahead == 0 && counting.looks.Load() > 1 {
				t.Errorf("%d looks: the lease was not kept", counting.looks.Load())
			}
		})
	}
}

// Failures are logged, and do not end the loop.
func TestRunnerSurvivesFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openBolt(t)
		small(t, s)
		addKey(t, s, "ada", newKey("mk_1", "", noon))
		log := &bytes.Buffer{}
		broken := &brokenStore{fullStore: s}
		channel := &recorder{name: "mail"}
		r := newRunner(broken, func() time.Time { return after(83) }, channel)
		r.Log = logTo(log)
		stop := runIn(t, r)
		time.Sleep(time.Second)
		synctest.Wait()
		broken.mended.Store(true)
		time.Sleep(2 * time.Minute)
		stop()
		if !bytes.Contains(log.Bytes(), []byte("level=ERROR")) || !bytes.Contains(log.Bytes(), []byte("account acme")) {
			t.Errorf("log: %s", log)
		}
		if !slices.Contains(told(t, s), "mk_1 key.expiring 7") || channel.delivered() != 1 {
			t.Errorf("told %v, delivered %d", told(t, s), channel.delivered())
		}
	})
}
