package main

import (
	"context"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"

	"mintkey/store/redistest"
)

// What a store takes for an access key, with its share of user, tenant and indexes. docs/performance.md has the figures for a million; in
// a small store the indexes that are spread over many places take more.
const (
	keysMeasured   = 5000
	mostBytesBolt  = 850
	mostBytesRedis = 1000
)

func fillStore(t *testing.T, url string) {
	t.Helper()
	_, err := seed(t.Context(), url, size{accounts: 5, tenants: 500, keys: keysMeasured, show: 1}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
}

func TestBytesOfAKeyInBolt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	fillStore(t, "bolt://"+path)
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	bytes := 0 // of pages that are used: a commit of many writers leaves as many free ones in a small file
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			stats := b.Stats()
			bytes += stats.LeafAlloc + stats.BranchAlloc
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if each := bytes / keysMeasured; each > mostBytesBolt {
		t.Errorf("an access key takes %d bytes, at most %d are allowed", each, mostBytesBolt)
	} else {
		t.Logf("an access key takes %d bytes", each)
	}
}

func TestBytesOfAKeyInRedis(t *testing.T) {
	url := redistest.Start(t).URL()
	empty := usedMemory(t.Context(), t, url)
	fillStore(t, url)
	if each := (usedMemory(t.Context(), t, url) - empty) / keysMeasured; each > mostBytesRedis {
		t.Errorf("an access key takes %d bytes, at most %d are allowed", each, mostBytesRedis)
	} else {
		t.Logf("an access key takes %d bytes", each)
	}
}

func usedMemory(ctx context.Context, t *testing.T, url string) int {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	// The bytes of the data alone: what clients and the log of commands take comes and goes.
	stats, err := client.Info(ctx, "memory").Result()
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := strconv.Atoi(regexp.MustCompile(`used_memory_dataset:(\d+)`).FindStringSubmatch(stats)[1])
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
