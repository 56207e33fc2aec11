package retention

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mintkey/chain"
	"mintkey/policy"
)

const (
	headsName      = "heads-"
	headsExtension = ".jsonl"
)

// writeHeads appends signed heads to the file of their day (UTC), heads-2026-01-31.jsonl, a JSON document a line.
func (a *Archive) writeHeads(signed []chain.Heads) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("audit.archive: %w", err)
		}
	}()
	if err := os.MkdirAll(a.Folder, 0o700); err != nil {
		return err
	}
	for _, heads := range signed {
		line, err := json.Marshal(heads)
		if err != nil {
			return err
		}
		name := filepath.Join(a.Folder, headsName+heads.At.Format(time.DateOnly)+headsExtension)
		file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = file.Write(append(line, '\n'))
		if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// forgetHeads removes the files whose heads are all older.
func (a *Archive) forgetHeads(cut time.Time) error {
	files, err := filepath.Glob(filepath.Join(a.Folder, headsName+"*"+headsExtension))
	for _, path := range files {
		text := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), headsName), headsExtension)
		day, bad := time.Parse(time.DateOnly, text)
		if bad == nil && !day.Add(policy.Day).After(cut) {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}
