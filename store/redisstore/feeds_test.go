package redisstore_test

import (
	"slices"
	"strconv"
	"testing"

	"mintkey/store"
	"mintkey/store/redistest"
)

const feed = "mintkey:{t:build}:changed"

// A feed that was lost, wholly or at its end, as in a failover, is not taken for one in which nothing happened.
func TestLostChanges(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_1"))
	before := changesSince(t, s, "")
	if again := changesSince(t, s, before.Version); !again.Complete || len(again.IDs) > 0 {
		t.Fatalf("changes since the last one: %+v", again)
	}
	server.Do("RPOP", feed)
	mustUpdate(t, s, revoke("mk_1"))
	if lost := changesSince(t, s, before.Version); lost.Complete {
		t.Errorf("changes since one that was lost are complete: %+v", lost)
	}
	server.Do("DEL", feed)
	if lost := changesSince(t, s, before.Version); lost.Complete {
		t.Errorf("changes of a feed that was lost are complete: %+v", lost)
	}
	// A store that was filled before there were feeds has none either. It must not be read anew for each question.
	unwritten := changesSince(t, s, "")
	if still := changesSince(t, s, unwritten.Version); !still.Complete || len(still.IDs) > 0 {
		t.Errorf("changes of a feed that was never written: %+v", still)
	}
	mustUpdate(t, s, addKey("mk_2"))
	if first := changesSince(t, s, unwritten.Version); !first.Complete || !slices.Equal(first.IDs, []string{"ada"}) {
		t.Errorf("the first change: %+v", first)
	}
}

func TestFeedIsBounded(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	unwritten := store.Version("0")
	for range store.ChangesKept + 200 {
		mustUpdate(t, s, join)
	}
	length, err := strconv.Atoi(server.Do("LLEN", feed))
	if err != nil || length != store.ChangesKept+1 {
		t.Errorf("the feed has %d entries, %v", length, err)
	}
	if cut := changesSince(t, s, unwritten); cut.Complete {
		t.Error("a feed that was cut is complete from its start")
	}
}

func changesSince(t *testing.T, s store.Feeds, since store.Version) store.Changes {
	t.Helper()
	changes, err := s.MembershipChanges(t.Context(), "build", since)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}
