package retention

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

const (
	extension  = ".jsonl.gz"
	unfinished = ".unfinished-"
	// eventsPerFile limits what is in memory. A day with more has several files.
	eventsPerFile = 20_000
)

// Archive is a folder of files with the events of one account on one day (UTC): ACCOUNT/2026-01-31.jsonl.gz, then 2026-01-31.2.jsonl.gz
// and so on for what came too late, or was too much, for the first. Each is a JSON event a line, as the API shows it. A file is
// complete, and never changes. A crash can leave events in two files, which have the same IDs.
type Archive struct {
	Folder string
	// After is the age at which events are moved, to the day.
	After time.Duration
}

// move moves the events of all days that are old enough.
func (a *Archive) move(ctx context.Context, s Store, accountID string, now time.Time) error {
	cut := now.UTC().Add(-a.After).Truncate(policy.Day)
	for {
		first, err := oldest(ctx, s, accountID, cut, 1)
		if err != nil || len(first) == 0 {
			return err
		}
		if err := a.moveDay(ctx, s, accountID, dayOf(first[0]), now); err != nil {
			return err
		}
	}
}

// dayOf goes by the ID, in whose order events are read.
func dayOf(e policy.Event) time.Time {
	var milliseconds int64
	_, _ = fmt.Sscanf(e.ID[:min(len(e.ID), 12)], "%x", &milliseconds)
	return time.UnixMilli(milliseconds).UTC().Truncate(policy.Day)
}

// moveDay moves up to eventsPerFile of the oldest events of an account, all of one day.
func (a *Archive) moveDay(ctx context.Context, s Store, accountID string, day, now time.Time) error {
	folder := filepath.Join(a.Folder, accountID)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("audit.archive: %w", err)
	}
	if err := clearUnfinished(folder); err != nil {
		return fmt.Errorf("audit.archive: %w", err)
	}
	file, err := os.CreateTemp(folder, unfinished+"*") // its mode is 0600
	if err != nil {
		return fmt.Errorf("audit.archive: %w", err)
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	moved, err := writeDay(ctx, file, s, accountID, day)
	if err != nil {
		return err
	}
	if err := publish(file, folder, day.Format(time.DateOnly)); err != nil {
		return fmt.Errorf("audit.archive: %w", err)
	}
	return forget(ctx, s, accountID, moved, now)
}

// clearUnfinished removes what a crash has left. A server that is just writing such a file fails to publish it, and tries again.
func clearUnfinished(folder string) error {
	left, err := filepath.Glob(filepath.Join(folder, unfinished+"*"))
	for _, path := range left {
		if removed := os.Remove(path); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}

// writeDay returns what is needed of the events to forget them.
func writeDay(ctx context.Context, file *os.File, s Store, accountID string, day time.Time) (moved []policy.Event, err error) {
	compressed := gzip.NewWriter(file)
	lines := json.NewEncoder(compressed)
	lines.SetEscapeHTML(false)
	end := policy.NewEventID(day.Add(policy.Day), [10]byte{})
	for query := (store.EventsQuery{OldestFirst: true, Limit: atOnce}); len(moved) < eventsPerFile; {
		events, err := s.Events(ctx, accountID, query)
		if err != nil {
			return nil, err
		}
		within := slices.DeleteFunc(events, func(e policy.Event) bool { return e.ID >= end })
		for _, e := range within {
			if err := lines.Encode(e.Public()); err != nil {
				return nil, fmt.Errorf("audit.archive: %w", err)
			}
			moved = append(moved, policy.Event{ID: e.ID, AccountID: e.AccountID, TenantID: e.TenantID})
			query.After = e.ID
		}
		if len(within) < atOnce {
			break
		}
	}
	if err := errors.Join(compressed.Close(), file.Sync(), file.Close()); err != nil {
		return nil, fmt.Errorf("audit.archive: %w", err)
	}
	return moved, nil
}

// publish gives the file the first free name of the day, and returns when that is on the disk. A link, unlike a renaming, replaces nothing.
func publish(file *os.File, folder, day string) error {
	for n := 1; ; n++ {
		name := day + extension
		if n > 1 {
			name = fmt.Sprintf("%s.%d%s", day, n, extension)
		}
		err := os.Link(file.Name(), filepath.Join(folder, name))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		return errors.Join(syncFolder(folder), syncFolder(filepath.Dir(folder)))
	}
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// forget removes the files of an account whose events are all older.
func (a *Archive) forget(accountID string, cut time.Time) error {
	folder := filepath.Join(a.Folder, accountID)
	files, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var failures []error
	for _, file := range files {
		name, isArchive := strings.CutSuffix(file.Name(), extension)
		day, err := time.Parse(time.DateOnly, name[:min(len(name), len(time.DateOnly))])
		if !isArchive || err != nil || day.Add(policy.Day).After(cut) {
			continue
		}
		failures = append(failures, os.Remove(filepath.Join(folder, file.Name())))
	}
	return errors.Join(append(failures, err)...)
}
