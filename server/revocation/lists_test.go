package revocation_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"mintkey/server/revocation"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

// A list that nobody has asked for is known after Refresh, which goes on when the store is away.
func TestRefreshedListsNeedNoStore(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	must(t, err)
	ring, err := tokens.OpenKeyRing(ctx, opened, tokens.Options{Algorithms: []tokens.Algorithm{tokens.ES256}, TokenLifetime: time.Hour}, now)
	must(t, err)
	newLists := func() *revocation.Lists {
		log := revocation.NewLog(opened, opened)
		must(t, log.Sync(ctx))
		return revocation.NewLists(log, tokens.NewStatusIndexes(opened), ring, "https://mintkey.example/lists", tokens.ES256, time.Hour)
	}
	refreshed, fresh := newLists(), newLists()
	must(t, refreshed.Refresh(ctx, now))
	must(t, opened.Close())
	if err := refreshed.Refresh(ctx, now.Add(time.Hour)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Refresh gives %v, want ErrUnavailable", err)
	}
	if _, err := refreshed.Signed(ctx, 0, now.Add(time.Hour)); err != nil {
		t.Errorf("a list that was refreshed: %v", err)
	}
	for what, lists := range map[string]*revocation.Lists{"unknown list": refreshed, "server that has just started": fresh} {
		if _, err := lists.Signed(ctx, 1, now); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", what, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
