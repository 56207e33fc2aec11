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

func TestCutoffs(t *testing.T) {
	s := open(t)
	cutoffs := ephemeral.Cutoffs{s, "ended/", time.Hour}
	ended := func(id string, began time.Time) bool {
		t.Helper()
		ended, err := cutoffs.Ended(t.Context(), id, began)
		must(t, err)
		return ended
	}
	if ended("ada", noon) {
		t.Error("ended without a cutoff")
	}
	must(t, cutoffs.Set(t.Context(), "ada", noon))
	if !ended("ada", noon.Add(-time.Hour)) || !ended("ada", noon) || ended("ada", noon.Add(1)) || ended("max", noon) {
		t.Error("not exactly what began until noon has ended, and for ada alone")
	}
	must(t, s.ForgetEphemera(t.Context(), noon.Add(time.Hour-1)))
	if !ended("ada", noon) {
		t.Error("forgotten while something from before can still be there")
	}
}
