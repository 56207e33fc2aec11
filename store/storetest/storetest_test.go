package storetest_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/storetest"
)

// The stores mostly wait for the disk, so more tests run at once than there are processors.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	m.Run()
}

// connection is one of many to a store that others still use, so it closes nothing.
type connection struct{ store.Store }

func (connection) Close() error { return nil }

// shared makes a fresh store, and returns how to connect to it.
func shared(t *testing.T) func() store.Store {
	t.Helper()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return func() store.Store { return connection{s} }
}

// What is not broken passes, over two connections that swap documents optimistically.
func TestGoodStorePasses(t *testing.T) {
	for _, name := range storetest.CaseNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := shared(t)
			storetest.RunCase(t, name, func() store.Store { return swapping{open(), 100} })
		})
	}
}

// Each case fails for a store that breaks its promise, and for that reason alone can be trusted when it passes.
func TestBrokenTwinIsCaught(t *testing.T) {
	var caught []string
	for _, twin := range slices.Concat(accountTwins(), userTwins(), belongingTwins(), membershipTwins(), moveTwins(),
		subjectTwins(), recordTwins(), arrivalTwins(), concurrencyTwins(), outboxTwins(), issueOrderTwins(), endOrderTwins(), feedTwins(),
		revocationTwins(), ephemeraTwins(), limitTwins(),
		trafficTwins(), inventoryTwins(), versionTwins(), replicationTwins()) {
		caught = append(caught, twin.caughtBy)
		t.Run(twin.caughtBy+"/"+twin.breaks, func(t *testing.T) {
			t.Parallel()
			open := shared(t)
			r := &recorder{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				storetest.RunCase(r, twin.caughtBy, func() store.Store { return twin.wrap(open()) })
			}()
			<-done
			if !r.Failed() {
				t.Errorf("the case passes although the store %s", twin.breaks)
			}
		})
	}
	for _, name := range storetest.CaseNames() {
		if !slices.Contains(caught, name) {
			t.Errorf("no broken twin tries the case %q", name)
		}
	}
}

// twin is a good store with one promise broken.
type twin struct {
	caughtBy string // the name of a case
	breaks   string // what the store does wrong
	wrap     func(store.Store) store.Store
}

// recorder is a test whose failure is no failure, but logged, so that -v shows whether it is the one that was meant.
type recorder struct {
	testing.TB
	failed atomic.Bool
}

func (r *recorder) Failed() bool { return r.failed.Load() }

func (r *recorder) Errorf(format string, args ...any) {
	r.failed.Store(true)
	r.Logf("caught: "+format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }
