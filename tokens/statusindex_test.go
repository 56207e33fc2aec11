package tokens_test

import (
	"bytes"
	"context"
	"path/filepath"
	"sync"
	"testing"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

const indexDocument = "status-index"

// replica hands out indexes and remembers which, for all replicas of a test together.
type replica struct {
	*tokens.StatusIndexes
	t    *testing.T
	used map[uint64]bool
}

func (r replica) take(n int) (last uint64) {
	r.t.Helper()
	for range n {
		index, err := r.Next(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		if index == 0 || r.used[index] {
			r.t.Fatalf("index %d is used twice", index)
		}
		r.used[index], last = true, index
	}
	return last
}

// earlier puts the document of a moment back, as an older dump does.
func earlier(t *testing.T, documents store.Documents) (goBack func()) {
	t.Helper()
	kept, err := documents.Document(t.Context(), indexDocument)
	if err != nil {
		t.Fatal(err)
	}
	kept = bytes.Clone(kept)
	return func() {
		t.Helper()
		err := documents.UpdateDocument(t.Context(), indexDocument, func([]byte) ([]byte, error) { return kept, nil })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// No index is handed out twice when the store goes back to an earlier state, whoever notices it first.
func TestIndexesAreNeverUsedTwice(t *testing.T) {
	for name, lose := range map[string]func(a, b replica, goBack func()){
		"the one that took it goes on": func(a, b replica, goBack func()) {
			a.take(70)
			goBack()
			a.take(3)
			b.take(70)
		},
		"another one that has seen the count": func(a, b replica, goBack func()) {
			a.take(70)
			if _, err := b.Lists(context.Background()); err != nil {
				b.t.Fatal(err)
			}
			goBack()
			b.take(70)
			a.take(70)
		},
		"both took blocks": func(a, b replica, goBack func()) {
			a.take(70)
			b.take(70)
			goBack()
			for range 3 {
				a.take(70)
				b.take(70)
			}
		},
		"all is gone": func(a, b replica, goBack func()) {
			b.take(70)
			a.take(70)
			goBack()
			b.take(200)
			a.take(200)
		},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = opened.Close() }()
			used := map[uint64]bool{}
			newReplica := func() replica { return replica{tokens.NewStatusIndexes(opened), t, used} }
			newReplica().take(1)
			a, b := newReplica(), newReplica()
			lose(a, b, earlier(t, opened))
			settled := a.take(64)
			if b.take(64); a.take(64) > settled+3*tokens.StatusListSize {
				t.Error("they go on leaving out lists")
			}
		})
	}
}

// A counter from before it named its blocks is counted on.
func TestACounterOfAnEarlierVersionIsCountedOn(t *testing.T) {
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	err = opened.UpdateDocument(t.Context(), indexDocument, func([]byte) ([]byte, error) { return []byte(`{"next":129}`), nil })
	if err != nil {
		t.Fatal(err)
	}
	if index, err := tokens.NewStatusIndexes(opened).Next(t.Context()); err != nil || index != 129 {
		t.Errorf("the next index is %d, %v; want 129", index, err)
	}
}

func TestIndexesOfManyReplicasAtOnce(t *testing.T) {
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	var mu sync.Mutex
	used := map[uint64]bool{}
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			indexes := tokens.NewStatusIndexes(opened)
			for range 200 {
				index, err := indexes.Next(t.Context())
				mu.Lock()
				if err != nil || used[index] || index > 4*256 {
					t.Errorf("index %d, %v: used before %t", index, err, used[index])
				}
				used[index] = true
				mu.Unlock()
			}
		})
	}
	working.Wait()
}
