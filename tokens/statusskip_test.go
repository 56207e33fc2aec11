package tokens_test

import (
	"slices"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/tokens"
)

// marked writes the high-water mark, as running servers do.
func marked(t *testing.T, docs store.Documents, at time.Time) {
	t.Helper()
	mustDo(t, store.UpdateJSON(t.Context(), docs, "high-water", func(store.HighWater) (store.HighWater, error) {
		return store.HighWater{At: at}, nil
	}))
}

// startedAt is a server that starts at the instant.
func startedAt(t *testing.T, docs store.Documents, at time.Time, used map[uint64]bool) replica {
	t.Helper()
	mustDo(t, tokens.SkipStatusIndexes(t.Context(), docs, at))
	return replica{tokens.NewStatusIndexes(docs), t, used}
}

// However often one old state is put back while no server runs, and however many servers start then, no index is handed out twice.
func TestAnOldStateUnderNoServerRepeatsNoIndex(t *testing.T) {
	docs, used := newDocuments(), map[uint64]bool{}
	marked(t, docs, start)
	startedAt(t, docs, start.Add(time.Second), used).take(100)
	goBack, now := earlier(t, docs), start.Add(9*time.Second) // the mark is up to ten seconds old
	for _, later := range []time.Duration{time.Minute, 0, 10 * time.Minute, 400 * 24 * time.Hour, 2 * time.Minute} {
		now = now.Add(later)
		for range 10 { // servers that start together, and each does as much as it can within the next minute
			now = now.Add(time.Millisecond)
			startedAt(t, docs, now, used).take(3000)
		}
		now = now.Add(time.Minute)
		goBack()
		marked(t, docs, start)
	}
}

// Servers that start beside one that runs leave out next to nothing, and together no more than one of them would.
func TestStartsBesideARunningServerLeaveOutLittle(t *testing.T) {
	docs, used := newDocuments(), map[uint64]bool{}
	marked(t, docs, start)
	first := startedAt(t, docs, start, used)
	first.take(1)
	now := start.Add(5 * time.Second)
	for range 20 {
		if last := startedAt(t, docs, now, used).take(1); last > 5000+21*64 {
			t.Fatalf("the index %d was handed out", last)
		}
	}
	if last := first.take(60); last > 64 {
		t.Errorf("the one that was running has lost its block: it hands out %d", last)
	}
	mustDo(t, tokens.SkipStatusIndexes(t.Context(), docs, start.Add(-time.Hour))) // a clock that is behind
	if last := startedAt(t, docs, now, used).take(1); last > 5000+22*64 {
		t.Errorf("the index %d was handed out", last)
	}
}

// The lists between the indexes from before and after a long time are none, and cost nothing.
func TestListsThatWereLeftOutAreNone(t *testing.T) {
	docs, used := newDocuments(), map[uint64]bool{}
	marked(t, docs, start)
	startedAt(t, docs, start, used).take(1)
	var want []uint64
	want = append(want, 0)
	now := start
	for range 3 {
		now = now.AddDate(5, 0, 0)
		server := startedAt(t, docs, now, used)
		list := server.take(1) / tokens.StatusListSize
		marked(t, docs, now)
		want = append(want, list)
		lists, err := server.Lists(t.Context())
		mustDo(t, err)
		if got := slices.Collect(lists.Numbers()); !slices.Equal(got, want) {
			t.Fatalf("there are the lists %d, want %d", got, want)
		}
		for _, number := range want {
			if !lists.Has(number) || lists.Has(number+1) || number > 0 && lists.Has(number-1) {
				t.Errorf("there is the list %d: %t; the one before: %t; the one after: %t",
					number, lists.Has(number), lists.Has(number-1), lists.Has(number+1))
			}
		}
	}
}

// The record of what was left out does not grow for ever, and what is dropped from it counts as lists that there are.
func TestManyLongStopsAreKeptInALittleSpace(t *testing.T) {
	docs, used := newDocuments(), map[uint64]bool{}
	marked(t, docs, start)
	now := start
	for range 1000 {
		now = now.Add(24 * time.Hour)
		server := startedAt(t, docs, now, used)
		list := server.take(1) / tokens.StatusListSize
		lists, err := server.Lists(t.Context())
		mustDo(t, err)
		if !lists.Has(list) || !lists.Has(0) {
			t.Fatalf("the lists in use are none: %d: %t, 0: %t", list, lists.Has(list), lists.Has(0))
		}
	}
	raw, err := docs.Document(t.Context(), indexDocument)
	mustDo(t, err)
	if len(raw) > 32<<10 {
		t.Errorf("the document has %d bytes", len(raw))
	}
}
