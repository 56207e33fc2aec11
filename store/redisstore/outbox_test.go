package redisstore_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func announced() policy.Event {
	e := event("mk_one", policy.ActionKeyRevoked)
	e.Announce = true
	return e
}

// announce writes the event with a change of its tenant.
func announce(ctx context.Context, s store.Store, e policy.Event) error {
	return update(ctx, s, func(m policy.Membership) (policy.Membership, []policy.Event, error) { return m, []policy.Event{e}, nil })
}

func claim(t *testing.T, s store.Outbox, now time.Time) []store.OutboxEntry {
	t.Helper()
	entries, err := s.ClaimOutbox(t.Context(), now, now.Add(time.Hour), 10)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// A claimer finds the slot listed before the entry is there, and takes it off the list: the writer must list it again.
func TestEntryIsNotOverlookedByWhoLooksTooEarly(t *testing.T) {
	server := redistest.Start(t)
	proxy := newProxy(t, server.Address())
	slow, quick := opened(t, "redis://"+proxy.address), opened(t, server.URL())
	seed(t, quick)
	look := func(want int) []store.OutboxEntry {
		entries := claim(t, quick, epoch)
		if len(entries) != want {
			t.Errorf("claimed %v, want %d", entries, want)
		}
		return entries
	}
	entryKey := "mintkey:{t:build}:outbox:" + announced().ID
	proxy.hold(entryKey, func() { look(0) })
	if err := announce(t.Context(), slow, announced()); err != nil {
		t.Fatal(err)
	}
	for _, entry := range look(1) {
		proxy.hold(entryKey, func() { claim(t, quick, epoch.Add(time.Minute)) })
		if err := slow.PostponeOutbox(t.Context(), entry, epoch.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if got := claim(t, quick, epoch.Add(time.Minute)); len(got) != 1 {
		t.Errorf("claimed %v after it was postponed", got)
	}
}

func TestClaimIsOneCommandWhenNothingIsDue(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	if err := announce(t.Context(), s, announced()); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, epoch); len(got) != 1 {
		t.Fatalf("claimed %v", got)
	}
	server.Do("CONFIG", "RESETSTAT")
	if got := claim(t, s, epoch); len(got) != 0 {
		t.Errorf("claimed %v a second time", got)
	}
	calls := regexp.MustCompile(`cmdstat_(\w+):calls=(\d+),`).FindAllString(server.Do("INFO", "commandstats"), -1)
	if len(calls) != 1 || calls[0] != "cmdstat_zrange:calls=1," {
		t.Errorf("the claim was %q", calls)
	}
}

// A claimer crashed after it had ended the epoch, an announcer before it had written: what they leave hides nothing, and goes.
func TestListingsThatCrashesLeave(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	if err := announce(t.Context(), s, announced()); err != nil {
		t.Fatal(err)
	}
	server.Do("INCR", "mintkey:{t:build}:outbox-epoch")
	server.Do("ZADD", "mintkey:outboxes", "0", "a:ghost/", "0", "t:build/7")
	got := claim(t, s, epoch)
	if len(got) != 1 {
		t.Fatalf("claimed %v", got)
	}
	if err := s.CompleteOutbox(t.Context(), got[0]); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, epoch.Add(2*time.Hour)); len(got) != 0 {
		t.Errorf("claimed %v after it was completed", got)
	}
	if left := server.Do("ZCARD", "mintkey:outboxes"); left != "0" {
		t.Errorf("%s slots are listed, and nothing is left in them", left)
	}
}

func TestAnnouncementThatNobodyWouldFindIsRefused(t *testing.T) {
	s := opened(t, redistest.Start(t).URL())
	seed(t, s)
	astray := announced()
	astray.TenantID = "elsewhere"
	if err := announce(t.Context(), s, astray); err == nil || !strings.Contains(err.Error(), astray.ID) {
		t.Errorf("announce an event of another tenant: %v", err)
	}
	if events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 10}); err != nil || len(events) != 0 {
		t.Errorf("events %v, %v", events, err)
	}
}

func TestFullRedisStillTellsOfRevocations(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	server.Do("CONFIG", "SET", "maxmemory", "1")
	mustUpdate(t, s, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithoutKey("mk_one")
		return m, []policy.Event{announced()}, err
	})
	if err := s.RecordRevocations(t.Context(), store.Revocation{Index: 7, At: epoch, Until: epoch.Add(time.Hour)}); err != nil {
		t.Errorf("record a revocation: %v", err)
	}
	if got := claim(t, s, epoch); len(got) != 1 {
		t.Errorf("claimed %v", got)
	}
	checkRevocations(t, s, 1)
}

func checkRevocations(t *testing.T, s *redisstore.Store, want int) {
	t.Helper()
	if got, err := s.Revocations(t.Context(), "", 10); err != nil || len(got) != want {
		t.Errorf("revocations %v, %v; want %d", got, err, want)
	}
}
