package storetest

import (
	"slices"
	"testing"

	"mintkey/store"
)

// Location is where a store keeps its data.
type Location struct {
	// Open opens one more connection to the same data. The suite closes what it opened.
	Open func(t *testing.T) store.Store
	// Single is true when only one connection can be open at a time. The suite then closes before it reopens, and its
	// races are between goroutines on one connection.
	Single bool
}

// Run runs every case, each on a fresh, empty location.
func Run(t *testing.T, fresh func(t *testing.T) Location) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			location := fresh(t)
			open := func() store.Store { return location.Open(t) }
			c.run(t, place{open: open, single: location.Single})
		})
	}
}

// place is a Location bound to the test that runs the case, so that a case can also run under a recorder that is no *testing.T.
type place struct {
	open   func() store.Store
	single bool
}

// connect opens a connection that is closed when the case ends.
func (p place) connect(t testing.TB) store.Store {
	t.Helper()
	s := p.open()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// connectTwice opens the two connections that a race needs: the same one twice where only one can be open.
func (p place) connectTwice(t testing.TB) [2]store.Store {
	t.Helper()
	first := p.connect(t)
	if p.single {
		return [2]store.Store{first, first}
	}
	return [2]store.Store{first, p.connect(t)}
}

// testCase is one promise, told by its name.
type testCase struct {
	name string
	run  func(t testing.TB, at place)
}

func cases() []testCase {
	return slices.Concat(accountCases(), tenantCases(), userCases(), usedIDCases(), emailCases(), belongingCases(),
		membershipCases(), clientIDCases(), moveCases(),
		subjectCases(), accessTimeCases(), eventCases(), arrivalCases(), atomicityCases(), documentCases(), aliasingCases(), raceCases(),
		cancellationCases(), durabilityCases(), outboxCases(), issueOrderCases(), endOrderCases(), feedCases(),
		revocationCases(), ephemeraCases(), limitCases(),
		trafficCases(), inventoryCases(), versionCases(), replicationCases())
}
