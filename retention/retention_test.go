package retention_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/retention"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

var now = time.Date(2026, 11, 26, 10, 30, 0, 0, time.UTC)

func onEachStore(t *testing.T, test func(*testing.T, store.Store)) {
	t.Run("bolt", func(t *testing.T) {
		s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		test(t, s)
	})
	t.Run("redis", func(t *testing.T) {
		s, err := redisstore.Open(t.Context(), redistest.Start(t).URL())
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		test(t, s)
	})
}

// age makes an account with an event of each of these ages in days, three of each.
func age(t *testing.T, s store.Store, days ...int) (all []string) {
	t.Helper()
	must(t, s.CreateAccount(t.Context(), policy.Account{ID: "acme", Name: "Acme", CreatedAt: now}))
	for _, n := range days {
		for i := range 3 {
			at := now.Add(-time.Duration(n) * policy.Day)
			e := policy.Event{
				ID: policy.NewEventID(at, [10]byte{byte(i)}), At: at, Action: policy.ActionUserUpdated, AccountID: "acme", UserID: "ada",
				Payload: policy.Payload{Password: &policy.PasswordChange{ByLink: true}},
			}
			must(t, s.RecordEvents(t.Context(), e))
			all = append(all, e.ID)
		}
	}
	slices.Sort(all)
	return all
}

func keeper(s retention.Store, keep time.Duration) *retention.Keeper {
	return &retention.Keeper{
		Store: s, Retention: keep, Begins: now, Log: slog.New(slog.DiscardHandler),
		Agreed: func(context.Context) (time.Time, bool) { return now, true },
	}
}

func inStore(t *testing.T, s store.Store) (ids []string) {
	t.Helper()
	events, err := s.Events(t.Context(), "acme", store.EventsQuery{OldestFirst: true, Limit: 10_000})
	must(t, err)
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

// inFiles reads what was moved, and checks that nobody else can, and that nothing internal is in it.
func inFiles(t *testing.T, folder string) (ids, names []string) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		must(t, err)
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[entry.IsDir()]; path != folder && info.Mode().Perm() != want {
			t.Errorf("the mode of %s is %o, want %o", entry.Name(), info.Mode().Perm(), want)
		}
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return nil
		}
		names = append(names, entry.Name())
		file, err := os.Open(path)
		must(t, err)
		defer func() { _ = file.Close() }()
		content, err := gzip.NewReader(file)
		must(t, err)
		for lines := bufio.NewScanner(content); lines.Scan(); {
			var e policy.Event
			must(t, json.Unmarshal(lines.Bytes(), &e))
			if e.Payload.Password != nil || e.UserID != "ada" {
				t.Errorf("%s holds %s", entry.Name(), lines.Text())
			}
			ids = append(ids, e.ID)
		}
		return nil
	}))
	return ids, names
}

func TestOldEventsAreDeleted(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		var days []int
		for n := range 500 {
			days = append(days, n)
		}
		all := age(t, s, days...)
		must(t, keeper(s, 0).Tick(t.Context(), now))
		if got := len(inStore(t, s)); got != len(all) {
			t.Fatalf("%d of %d events are left although they are kept for ever", got, len(all))
		}
		must(t, keeper(s, 100*policy.Day).Tick(t.Context(), now))
		if got := inStore(t, s); !slices.Equal(got, all[len(all)-3*101:]) {
			t.Errorf("%d events are left, want those of 101 days", len(got))
		}
		arrivals, _, err := s.Arrivals(t.Context(), "acme", "", 10_000)
		must(t, err)
		if len(arrivals) != 3*101 {
			t.Errorf("%d arrivals are left, want those of 101 days", len(arrivals))
		}
	})
}

// Nobody loses a trail by an upgrade, and none by one wrong clock.
func TestNothingIsDeletedTooSoon(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		all := age(t, s, 0, 30, 380)
		begins, err := retention.Begin(t.Context(), s, 400*policy.Day, now)
		must(t, err)
		if want := now.Add(retention.Grace); !begins.Equal(want) {
			t.Errorf("retention begins at %v, want %v", begins, want)
		}
		again, err := retention.Begin(t.Context(), s, 10*policy.Day, now.Add(policy.Day))
		must(t, err)
		if !again.Equal(begins) {
			t.Errorf("after a restart retention begins at %v, want %v still", again, begins)
		}
		k := keeper(s, 10*policy.Day)
		k.Begins = begins
		must(t, k.Tick(t.Context(), now))
		k = keeper(s, 10*policy.Day)
		k.Agreed = func(context.Context) (time.Time, bool) { return now, false }
		if err := k.Tick(t.Context(), now); err == nil {
			t.Error("nobody is told that the clocks do not agree")
		}
		if got := inStore(t, s); !slices.Equal(got, all) {
			t.Errorf("%d of %d events are left", len(got), len(all))
		}
	})
}

func TestRetentionOfANewStoreBeginsAtOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		age(t, s, 0, 300)
		begins, err := retention.Begin(t.Context(), s, 400*policy.Day, now)
		must(t, err)
		if !begins.Equal(now) {
			t.Errorf("retention begins at %v, want %v: there is nothing that it deletes within a month", begins, now)
		}
	})
}

// failing is a store that fails to forget, as in a crash after the file was written.
type failing struct{ store.Store }

var errCrash = errors.New("crash")

func (failing) ForgetEvents(context.Context, string, ...policy.Event) error { return errCrash }

func TestOldEventsMoveToFiles(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		folder := t.TempDir()
		all := age(t, s, 0, 29, 30, 31, 31, 45, 200)
		all = slices.Compact(all)
		k := keeper(failing{s}, 100*policy.Day)
		k.Archive = &retention.Archive{Folder: folder, After: 30 * policy.Day}
		k.Begins = now.Add(retention.Grace) // moving deletes nothing
		if err := k.Tick(t.Context(), now); !errors.Is(err, errCrash) {
			t.Fatalf("tick: %v", err)
		}
		if got := inStore(t, s); !slices.Equal(got, all) {
			t.Fatalf("%d events are left after a crash, want %d", len(got), len(all))
		}
		must(t, os.WriteFile(filepath.Join(folder, "acme", ".unfinished-1"), []byte("half"), 0o600))
		k = keeper(s, 100*policy.Day)
		k.Archive = &retention.Archive{Folder: folder, After: 30 * policy.Day}
		k.Begins = now.Add(retention.Grace)
		must(t, k.Tick(t.Context(), now))
		if left, err := filepath.Glob(filepath.Join(folder, "acme", ".*")); err != nil || len(left) > 0 {
			t.Errorf("files that a crash has left are still there: %v %v", left, err)
		}
		moved, names := inFiles(t, folder)
		slices.Sort(moved)
		if got := append(slices.Compact(slices.Clone(moved)), inStore(t, s)...); !slices.Equal(got, all) {
			t.Errorf("files and store have %d events, want %d, each in one of them", len(got), len(all))
		}
		if len(inStore(t, s)) != 9 {
			t.Errorf("%d events are in the store, want those of the last 30 days and the rest of a day", len(inStore(t, s)))
		}
		if len(moved) != 12 { // the three that the crash left in two files
			t.Errorf("%d events are in files, want 12", len(moved))
		}
		want := []string{"2026-05-10.2.jsonl.gz", "2026-05-10.jsonl.gz", "2026-10-12.jsonl.gz", "2026-10-26.jsonl.gz"}
		if !slices.Equal(names, want) {
			t.Errorf("files %v, want %v", names, want)
		}

		k.Begins = now // retention is for files too
		must(t, k.Tick(t.Context(), now.Add(time.Hour)))
		if _, names = inFiles(t, folder); !slices.Equal(names, want[2:]) {
			t.Errorf("files %v are left after 100 days, want %v", names, want[2:])
		}
	})
}

// watching is a store that looks, when it is told to forget an event, whether a file has it.
type watching struct {
	store.Store

	t      *testing.T
	folder string
}

func (w watching) ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error {
	w.t.Helper()
	moved, _ := inFiles(w.t, w.folder)
	for _, e := range events {
		if !slices.Contains(moved, e.ID) {
			w.t.Errorf("event %s is forgotten before a file has it", e.ID)
		}
	}
	return w.Store.ForgetEvents(ctx, accountID, events...)
}

func TestEventsAreInFilesBeforeTheyAreForgotten(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		folder := t.TempDir()
		age(t, s, 0, 31, 32)
		k := keeper(watching{s, t, folder}, 0)
		k.Archive = &retention.Archive{Folder: folder, After: 30 * policy.Day}
		must(t, k.Tick(t.Context(), now))
		if got := len(inStore(t, s)); got != 3 {
			t.Errorf("%d events are in the store, want 3", got)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}
