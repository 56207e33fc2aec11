package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// followState is how far audit follow has come, in a file.
type followState struct {
	Trail  string `json:"trail"` // its path at the API
	Cursor string `json:"cursor"`
}

// readFollowState returns the zero state for a file that does not exist, or for no file.
func readFollowState(path string) (state followState, err error) {
	if path == "" {
		return state, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, fmt.Errorf("--state: %w", err)
	}
	if err := json.Unmarshal(text, &state); err != nil || state.Cursor == "" {
		return state, usagef("--state %s is not a file that audit follow has written", path)
	}
	return state, nil
}

// save replaces the file at once, so that a crash leaves the old state or the new one.
func (s followState) save(path string) (err error) {
	if path == "" {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".mintkey-state-*")
	if err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("--state: %w", err)
	}
	return nil
}
