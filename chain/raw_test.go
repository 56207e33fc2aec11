package chain_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// opened is a store, and a way past it to the events as they are stored.
type opened struct {
	store.Store

	// change puts another event in place of the one with the ID, or of none; nil deletes it.
	change func(t *testing.T, tenantID, eventID string, event *policy.Event)
}

func onEachStore(t *testing.T, test func(*testing.T, *opened)) {
	t.Run("bolt", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "mintkey.db")
		s, err := boltstore.Open(path)
		must(t, err)
		o := &opened{Store: s}
		o.change = func(t *testing.T, _, eventID string, event *policy.Event) {
			t.Helper()
			must(t, o.Close())
			file, err := bbolt.Open(path, 0o600, nil)
			must(t, err)
			must(t, file.Update(func(tx *bbolt.Tx) error {
				events := tx.Bucket([]byte("events"))
				if event == nil {
					return events.Delete([]byte("acme/" + eventID))
				}
				text, err := json.Marshal(event)
				must(t, err)
				return events.Put([]byte("acme/"+eventID), text)
			}))
			must(t, file.Close())
			o.Store, err = boltstore.Open(path)
			must(t, err)
		}
		t.Cleanup(func() { _ = o.Close() })
		test(t, o)
	})
	t.Run("redis", func(t *testing.T) {
		server := redistest.Start(t)
		s, err := redisstore.Open(t.Context(), server.URL())
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		raw := redis.NewClient(&redis.Options{Addr: server.Address()})
		t.Cleanup(func() { _ = raw.Close() })
		o := &opened{Store: s}
		o.change = func(t *testing.T, tenantID, eventID string, event *policy.Event) {
			t.Helper()
			key := "mintkey:{a:acme}:events"
			if tenantID != "" {
				key = "mintkey:{t:" + tenantID + "}:events"
			}
			must(t, raw.ZRemRangeByLex(t.Context(), key, "["+eventID+" ", "("+eventID+"!").Err())
			if event == nil {
				return
			}
			text, err := json.Marshal(event)
			must(t, err)
			must(t, raw.ZAdd(t.Context(), key, redis.Z{Member: eventID + " " + string(text)}).Err())
		}
		test(t, o)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal("unexpected: ", err)
	}
}

// A failover can lose the order of arrivals, or the end of it, and nothing else.
func TestLostOrderOfArrivals(t *testing.T) {
	server := redistest.Start(t)
	s, err := redisstore.Open(t.Context(), server.URL())
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	populate(t, s)
	record(t, s, 0, 30)
	seal(t, s)
	before := wantWhole(t, s, 30, 0).Chains
	raw := redis.NewClient(&redis.Options{Addr: server.Address()})
	t.Cleanup(func() { _ = raw.Close() })
	last, err := raw.XRevRangeN(t.Context(), "mintkey:{a:acme}:arrived", "+", "-", 1).Result()
	must(t, err)
	must(t, raw.XDel(t.Context(), "mintkey:{a:acme}:arrived", last[0].ID).Err())
	if lost := seal(t, s).Lost; len(lost) > 0 {
		t.Errorf("lost: %v", lost)
	}
	if diff := cmp.Diff(before, wantWhole(t, s, 30, 0).Chains); diff != "" {
		t.Errorf("chains after the end of the order was lost (-before +after):\n%s", diff)
	}
	// Without any order all events come again. Those that are sealed twice are the same.
	record(t, s, 30, 40)
	server.Do("DEL", "mintkey:{a:acme}:arrived", "mintkey:{a:acme}:arrived-old")
	for _, at := range []string{"a:acme", "t:berlin"} {
		server.Do("DEL", "mintkey:{"+at+"}:arriving", "mintkey:{a:acme}:arrived-of:"+at)
	}
	wantWhole(t, s, 30, 10)
	if lost := seal(t, s).Lost; len(lost) > 0 {
		t.Errorf("lost: %v", lost)
	}
	wantWhole(t, s, 40, 0)
}
