package boltstore_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

var trafficStart = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

// keysOf are the keys of a bucket.
func keysOf(t *testing.T, path, bucket string) (keys []string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	check(t, err)
	check(t, db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(key, _ []byte) error {
			keys = append(keys, string(key))
			return nil
		})
	}))
	check(t, db.Close())
	return keys
}

// Traffic is gone from the file when its time has come, more of it than one transaction takes, and what is younger stays.
func TestForgetsTraffic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	s := open(t, path)
	counts := map[store.TrafficKey]store.TrafficCounts{}
	for tenant := range 3 {
		for key := range 300 {
			source := store.TrafficSource{AccountID: "acme", TenantID: fmt.Sprint("tenant-", tenant), ClientID: fmt.Sprint("mk_", key)}
			counts[store.TrafficKey{TrafficSource: source, Minute: trafficStart.Unix() / 60}] = store.TrafficCounts{store.TokenIssued: 1}
		}
	}
	check(t, s.RecordTraffic(t.Context(), counts))
	records := 3*300 + 3 + 1 // of keys, of tenants, of the account
	for _, row := range []struct {
		after time.Duration
		left  int // steps that are left
	}{
		{2 * time.Hour, 3},
		{4 * time.Hour, 2},
		{8 * 24 * time.Hour, 2},
		{12 * 24 * time.Hour, 1},
		{92 * 24 * time.Hour, 1},
		{160 * 24 * time.Hour, 0},
	} {
		check(t, s.ForgetTraffic(t.Context(), trafficStart.Add(row.after)))
		check(t, s.Close())
		if got := len(keysOf(t, path, "traffic")); got != row.left*records {
			t.Errorf("%v later there are %d records, want %d", row.after, got, row.left*records)
		}
		s = open(t, path)
	}
	check(t, s.Close())
}

// A file that was made before there was traffic gets a place for it.
func TestOldFileTakesTraffic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	check(t, open(t, path).Close())
	db, err := bbolt.Open(path, 0o600, nil)
	check(t, err)
	check(t, db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("traffic")) }))
	check(t, db.Close())
	s := open(t, path)
	key := store.TrafficKey{
		TrafficSource: store.TrafficSource{AccountID: "acme", TenantID: "load", ClientID: "mk_1"},
		Minute:        trafficStart.Unix() / 60,
	}
	check(t, s.RecordTraffic(t.Context(), map[store.TrafficKey]store.TrafficCounts{key: {store.TokenIssued: 1}}))
	check(t, s.Close())
}
