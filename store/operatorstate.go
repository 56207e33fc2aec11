package store

import (
	"context"
	"errors"
	"time"
)

// OperatorState is what operators watch of a store, the same on every server.
type OperatorState struct {
	Census   Census
	BackupAt time.Time // when the last backup succeeded; zero for never
	Backlog  Backlog
}

// ReadOperatorState reads the state. That costs little, and may be done every few seconds.
func ReadOperatorState(ctx context.Context, s interface {
	Documents
	Outbox
},
) (state OperatorState, err error) {
	if state.Census, err = LastCensus(ctx, s); err != nil {
		return state, err
	}
	backup, err := readState[lastBackup](ctx, s, backupDocument)
	if err != nil {
		return state, err
	}
	state.BackupAt = backup.At
	state.Backlog, err = s.Backlog(ctx)
	return state, err
}

// backupDocument says when the last backup succeeded.
const backupDocument = "last-backup"

type lastBackup struct {
	At time.Time `json:"at"`
}

// NoteBackup records that a backup succeeded.
func NoteBackup(ctx context.Context, s Documents, now time.Time) error {
	return UpdateJSON(ctx, s, backupDocument, func(last lastBackup) (lastBackup, error) {
		if now.After(last.At) {
			last.At = now.UTC()
		}
		return last, nil
	})
}

// readState is ReadJSON where no document is the zero value.
func readState[T any](ctx context.Context, s Documents, name string) (state T, err error) {
	state, err = ReadJSON[T](ctx, s, name)
	if errors.Is(err, ErrNotFound) {
		var none T
		return none, nil
	}
	return state, err
}
