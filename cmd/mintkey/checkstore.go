package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/store"
	"mintkey/store/boltstore"
)

func (p *program) storeCheckCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Read every record of the store, even while servers run",
		Long: "Read every record of the store, and change nothing. Servers may keep running.\n" +
			"Of a bolt store the pages of the file and the indexes are checked as well. If a server runs on it, a copy is checked,\n" +
			"for which the temporary folder (TMPDIR) needs room.",
		Example: "  mintkey store check\n  mintkey store check --store redis://127.0.0.1:6379/0",
		Args:    arguments(cobra.NoArgs),
	}
	p.withSettings(c, func(config configs.Config, _ []string) error {
		found, err := p.checkStore(c.Context(), config)
		if err != nil {
			return err
		}
		return p.print(found, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "The store is sound: %s; records of every kind %d\n", tallyText(found.Tally), found.Records)
		})
	})
	showSettings(c, "store", "log")
	return c
}

func (p *program) checkStore(ctx context.Context, config configs.Config) (found boltstore.Contents, err error) {
	if path, isFile := storeFile(config); isFile {
		found, err = boltstore.Check(ctx, path)
		if err == nil || !errors.Is(err, store.ErrInUse) {
			return found, damageAdvice(path, err)
		}
	}
	err = inTemporaryFile(func(copied *os.File) error {
		if err := p.writeBackup(ctx, config, copied); err != nil {
			return err
		}
		found, err = boltstore.Check(ctx, copied.Name())
		return err
	})
	return found, err
}

// checked is the result of restore --check.
type checked struct {
	File string `json:"file"`
	boltstore.Contents
}

// checkBackup looks at a backup, or at standard input for -, without restoring it.
func (p *program) checkBackup(ctx context.Context, file string) (found boltstore.Contents, err error) {
	if file != "-" {
		found, err = boltstore.Check(ctx, file)
		return found, unreadable(file, err)
	}
	err = inTemporaryFile(func(copied *os.File) error {
		if _, err := io.Copy(copied, p.stdin); err != nil {
			return err
		}
		found, err = boltstore.Check(ctx, copied.Name())
		return unreadable(file, err)
	})
	return found, err
}

func unreadable(file string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s is not a readable backup: %w", file, err)
}

// noteMissingChecksum says what the check of a backup without a checksum could not find.
func (p *program) noteMissingChecksum(file string, found boltstore.Contents) {
	if !found.Checksum {
		p.sayf("%s has no checksum: an earlier version wrote it, or it is a copy of a store's file. All records can be read, "+
			"but whether one has changed can't be told.\n", file)
	}
}

// damageAdvice adds what can be done about a damaged store.
func damageAdvice(path string, err error) error {
	if errors.Is(err, store.ErrDamaged) {
		return fmt.Errorf("%w; stop the server, move %s away, and restore the latest backup (mintkey restore)", err, path)
	}
	return err
}

// inTemporaryFile runs f with a new file that only its owner can read, and removes it afterwards.
func inTemporaryFile(f func(*os.File) error) error {
	folder, err := os.MkdirTemp("", "mintkey-check-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file, err := os.OpenFile(filepath.Join(folder, "mintkey.db"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f(file), file.Close())
}
