package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func TestKilledServerLosesNothing(t *testing.T) {
	// With everysec, Redis puts off even the write to the file while a slow disk is busy with the last second.
	server := redistest.Start(t, "--appendfsync", "always")
	s := opened(t, server.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_stays"))
	mustUpdate(t, s, addKey("mk_goes"))
	mustUpdate(t, s, revoke("mk_goes"))
	server.Kill()
	if err := works(t, s, "mk_stays"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("while Redis is dead: %v", err)
	}
	if err := update(t.Context(), s, addKey("mk_lost")); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a change while Redis is dead: %v", err)
	}
	server.Restart()
	if err := works(t, s, "mk_stays"); err != nil {
		t.Errorf("a key from before the kill: %v", err)
	}
	if err := works(t, s, "mk_goes"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a key revoked before the kill: %v", err)
	}
	mustUpdate(t, s, addKey("mk_new"))
	events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 10})
	if err != nil || len(events) != 4 {
		t.Errorf("%d events, %v; want 4", len(events), err)
	}
}

func TestPausedServerIsUnavailable(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	server.Pause()
	if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a read from a frozen Redis: %v", err)
	}
	if err := update(t.Context(), s, revoke("mk_one")); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a change in a frozen Redis: %v", err)
	}
	server.Resume()
	redistest.Eventually(t, "the store works again", func() bool { return works(t, s, "mk_one") == nil })
	mustUpdate(t, s, revoke("mk_one"))
	if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a revoked key: %v", err)
	}
}

func TestRefusalsOfRedisAreUnavailable(t *testing.T) {
	for _, refusal := range []string{
		"LOADING Redis is loading the dataset in memory",
		"READONLY You can't write against a read only replica.",
		"CLUSTERDOWN The cluster is down",
		"MASTERDOWN Link with MASTER is down",
		"NOREPLICAS Not enough good replicas to write.",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"NOAUTH Authentication required.",
	} {
		t.Run(strings.Fields(refusal)[0], func(t *testing.T) {
			server := miniredis.RunT(t)
			s := opened(t, "redis://"+server.Addr())
			seed(t, s)
			mustUpdate(t, s, addKey("mk_one"))
			server.SetError(refusal)
			for what, err := range map[string]error{
				"read": works(t, s, "mk_one"), "change": update(t.Context(), s, revoke("mk_one")), "ping": s.Ping(t.Context()),
			} {
				if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

func TestFullRedisStillRevokes(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	mustUpdate(t, s, addKey("mk_two"))
	server.Do("CONFIG", "SET", "maxmemory", "1")
	account := policy.Account{ID: "other", CreatedAt: epoch}
	if err := s.CreateAccount(t.Context(), account); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a new account in a full Redis: %v", err)
	}
	mustUpdate(t, s, revoke("mk_one"))
	if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a key revoked in a full Redis: %v", err)
	}
	mustUpdate(t, s, revokeAnnounced("two"))
	for _, entry := range claim(t, s, epoch) {
		if err := s.CompleteOutbox(t.Context(), entry); err != nil {
			t.Errorf("complete an entry in a full Redis: %v", err)
		}
	}
	mustUpdate(t, s, leave)
	if err := s.DeleteUser(t.Context(), "acme", "ada"); err != nil {
		t.Errorf("delete a user in a full Redis: %v", err)
	}
}

func TestChangeWithoutReplicaInStepIsUnconfirmed(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	s := opened(t, master.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	// On one of the idle connections that this leaves, WAIT would answer for older writes, which the replica has.
	race(t, 50, func(int) error { return s.Ping(t.Context()) })
	redistest.Eventually(t, "the replica acknowledges all of that", func() bool {
		pattern := regexp.MustCompile(`(?s)state=online,offset=(\d+),.*master_repl_offset:(\d+)`)
		offsets := pattern.FindStringSubmatch(master.Do("INFO", "replication"))
		return len(offsets) == 3 && offsets[1] == offsets[2]
	})
	replica.Pause()
	err := update(t.Context(), s, revoke("mk_one"))
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), "unconfirmed") {
		t.Errorf("a revocation that no replica has: %v", err)
	}
	replica.Resume()
	redistest.Eventually(t, "changes are confirmed again", func() bool { return update(t.Context(), s, addKey("mk_two")) == nil })
}

func TestFailoverKeepsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	sentinel := redistest.StartSentinel(t)
	s := opened(t, sentinel.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_stays"))
	mustUpdate(t, s, addKey("mk_goes"))
	mustUpdate(t, s, revoke("mk_goes"))
	sentinel.Master.Kill()
	sentinel.AwaitFailover()
	redistest.Eventually(t, "the store finds the new master", func() bool { return works(t, s, "mk_stays") == nil })
	if err := works(t, s, "mk_goes"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a key revoked before the failover: %v", err)
	}
	redistest.Eventually(t, "the new master, which has no replica, takes changes and does not confirm them", func() bool {
		return errors.Is(update(t.Context(), s, revoke("mk_stays")), store.ErrUnconfirmed)
	})
	sentinel.Master.Restart() // as its replica
	redistest.Eventually(t, "changes are confirmed", func() bool { return s.UpdateDocument(t.Context(), "count", increment) == nil })
}

func TestReplicaCannotBeOpened(t *testing.T) {
	replica := redistest.StartReplica(t, redistest.Start(t))
	if _, err := redisstore.Open(t.Context(), replica.URL()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("open a replica: %v", err)
	}
}

func TestLogToTakesTheWordsOfTheClient(t *testing.T) {
	messages := make(chan string, 1)
	redisstore.LogTo(slog.New(handler(messages)), slog.LevelInfo)
	opened(t, redistest.StartSentinel(t).URL())
	select {
	case message := <-messages:
		if !strings.Contains(message, "sentinel") {
			t.Errorf("message %q", message)
		}
	default:
		t.Error("nothing was logged")
	}
}

// handler passes on the first message it gets.
type handler chan string

func (handler) Enabled(context.Context, slog.Level) bool { return true }
func (h handler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h handler) WithGroup(string) slog.Handler          { return h }

func (h handler) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		select {
		case h <- a.Value.String():
		default:
		}
		return true
	})
	return nil
}
