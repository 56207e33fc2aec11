package ephemeral_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/ephemeral"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ticket is a record that expires.
type ticket struct {
	Owner string    `json:"owner"`
	Ends  time.Time `json:"ends"`
}

func (t ticket) ExpiresAt() time.Time { return t.Ends }

func open(t *testing.T) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecordsOfDifferentPrefixesAreApart(t *testing.T) {
	s := open(t)
	ones, others := ephemeral.Records[string]{s, "ones/"}, ephemeral.Records[int]{s, "others/"}
	must(t, ones.Put(t.Context(), "a", "first", noon))
	must(t, ones.Put(t.Context(), "a", "second", noon))
	if got, err := ones.Get(t.Context(), "a"); got != "second" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := others.Get(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another prefix: %v", err)
	}
	must(t, ones.Delete(t.Context(), "a"))
	must(t, ones.Delete(t.Context(), "a"))
	if _, err := ones.Get(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	must(t, s.PutEphemeral(t.Context(), "others/b", []byte("{"), noon))
	if _, err := others.Get(t.Context(), "b"); err == nil || !strings.Contains(err.Error(), "others/") {
		t.Errorf("a record that can't be read: %v", err)
	}
}

// A link counts up to the instant at which it ends, whatever the store has forgotten by then, and is taken once.
func TestLinks(t *testing.T) {
	links := ephemeral.Links[ticket]{open(t), "links/"}
	code := ephemeral.NewCode()
	digest := ephemeral.Digest(code)
	must(t, links.Put(t.Context(), digest, ticket{"ada", noon}))
	for range 2 {
		if got, err := links.Get(t.Context(), digest, noon.Add(-1)); got.Owner != "ada" || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
	}
	for name, read := range map[string]func() (ticket, error){
		"expired":      func() (ticket, error) { return links.Get(t.Context(), digest, noon) },
		"the code":     func() (ticket, error) { return links.Get(t.Context(), code, noon.Add(-1)) },
		"another code": func() (ticket, error) { return links.Get(t.Context(), ephemeral.Digest("x"), noon.Add(-1)) },
	} {
		if got, err := read(); !errors.Is(err, store.ErrNotFound) || got != (ticket{}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	var taken atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := links.Take(t.Context(), digest, noon.Add(-1)); err == nil {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if got := taken.Load(); got != 1 {
		t.Errorf("taken %d times", got)
	}
}

// An update sees what is there, and of many at once none is lost.
func TestRecordsAreUpdated(t *testing.T) {
	counts := ephemeral.Records[int]{open(t), "counts/"}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := counts.Update(t.Context(), "a", func(n int) (int, time.Time, error) { return n + 1, noon, nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	refused := errors.New("refused")
	if err := counts.Update(t.Context(), "a", func(int) (int, time.Time, error) { return 0, noon, refused }); !errors.Is(err, refused) {
		t.Errorf("refused: %v", err)
	}
	if n, err := counts.Get(t.Context(), "a"); n != 8 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
