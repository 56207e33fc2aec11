package revocation_test

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"mintkey/server/revocation"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

// Each long stop leaves a status list behind from which next to nothing was handed out. A server knows them all, for less than a kilobyte
// each.
func TestListsOfManyStopsTakeLittleMemory(t *testing.T) {
	const stops = 2000
	ctx, now := t.Context(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	must(t, err)
	defer func() { must(t, opened.Close()) }()
	must(t, opened.UpdateDocument(ctx, "status-index", func([]byte) ([]byte, error) {
		return []byte(`{"next":262144000}`), nil // 2000 lists
	}))
	must(t, store.BeginHistory(ctx, opened, time.Hour, now))
	log := revocation.NewLog(opened, opened)
	must(t, log.Sync(ctx))
	lists := revocation.NewLists(log, tokens.NewStatusIndexes(opened), nil, "https://mintkey.example/lists", tokens.ES256, time.Hour)
	before := heap()
	must(t, lists.Refresh(ctx, now))
	if more := int64(heap()) - int64(before); more > stops<<10 { //nolint:gosec // no heap is that large
		t.Errorf("%d lists take %d bytes", stops, more)
	}
	runtime.KeepAlive(lists)
}

func heap() uint64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}
