package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/store"
	"mintkey/store/boltstore"
)

func (p *program) backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a copy of the store to a file, even while servers run",
		Long: "Write a copy of the store to a file, or to standard output for -. Servers may keep running.\n" +
			"The copy has a checksum, and every record is read before it gets its name. For - the temporary folder (TMPDIR) needs room.\n" +
			"Whatever the store, the copy is a bolt store, which mintkey restore brings into any other, and mintkey serve can open.\n" +
			"A copy of a bolt store shows one instant. In a copy of Redis each record is whole, but changes made meanwhile may be missing.\n" +
			"The key that encrypts the signing keys is not in it: keep that somewhere else.",
		Example: "  mintkey backup mintkey-backup.db\n" +
			"  mintkey backup --store redis://127.0.0.1:6379/0 - |\n    age -r age1… > mintkey-backup.db.age",
		Args: arguments(cobra.ExactArgs(1)),
	}
	p.withSettings(c, func(config configs.Config, args []string) error {
		if args[0] == "-" {
			err := p.backupTo(c.Context(), config, p.stdout)
			if err == nil {
				p.noteBackup(c.Context(), config)
			}
			return err
		}
		found, err := p.backup(c.Context(), config, args[0])
		if err != nil {
			return err
		}
		p.noteBackup(c.Context(), config)
		return p.print(copied{args[0], found}, func(w io.Writer) { _, _ = fmt.Fprintf(w, "Wrote %s: %s\n", args[0], tallyText(found)) })
	})
	showSettings(c, "store", "log")
	return c
}

// copied is the result of a backup or a restore.
type copied struct {
	File string `json:"file"`
	store.Tally
}

func tallyText(t store.Tally) string {
	return fmt.Sprintf("accounts %d, tenants %d, users %d, access keys %d", t.Accounts, t.Tenants, t.Users, t.AccessKeys)
}

// backup writes a temporary file and reads it back before it renames it, so that a file with the final name is always a whole backup.
func (p *program) backup(ctx context.Context, config configs.Config, path string) (found store.Tally, err error) {
	if _, err := os.Lstat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return found, errors.Join(fmt.Errorf("%s exists: a backup overwrites nothing", path), err)
	}
	part, err := os.OpenFile(path+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // O_EXCL: another backup to this file may be running
	if err != nil {
		return found, fmt.Errorf("write a backup: %w", err)
	}
	defer func() { _ = os.Remove(part.Name()) }()
	err = p.writeBackup(ctx, config, part)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return found, err
	}
	var contents boltstore.Contents
	err = p.during("checking the backup", func() error {
		contents, err = checkCopy(ctx, part.Name())
		return err
	})
	if err != nil {
		return found, err
	}
	return contents.Tally, settle(part.Name(), path)
}

// noteBackup records in the store when the backup was made, for the metrics of its servers. Where that is not possible, as for a user of
// Redis who may only read, the backup is as good.
func (p *program) noteBackup(ctx context.Context, config configs.Config) {
	if path, isFile := storeFile(config); isFile && tellOfBackup(ctx, path) == nil {
		return // a server has the file open
	}
	opened, err := openStore(ctx, config, p.newLog(config.Log))
	if err == nil {
		err = errors.Join(store.NoteBackup(ctx, opened, p.clock()), opened.Close())
	}
	if err != nil {
		p.sayf("The backup is made, but not noted for mintkey_last_backup_timestamp_seconds: %v\n", err)
	}
}

// backupTo writes nothing before the whole backup is found sound.
func (p *program) backupTo(ctx context.Context, config configs.Config, w io.Writer) error {
	return inTemporaryFile(func(copied *os.File) error {
		if err := p.writeBackup(ctx, config, copied); err != nil {
			return err
		}
		if _, err := checkCopy(ctx, copied.Name()); err != nil {
			return err
		}
		if _, err := copied.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, copied)
		return err
	})
}

// checkCopy examines a backup that was just made.
func checkCopy(ctx context.Context, path string) (boltstore.Contents, error) {
	found, err := boltstore.Check(ctx, path)
	if err != nil {
		return found, fmt.Errorf("the copy is not a backup, and the store may be damaged (see mintkey store check): %w", err)
	}
	return found, nil
}

// settle renames the finished file and syncs the folder, so that the name survives a crash.
func settle(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// writeBackup writes the store as a bolt file. If a server holds the store open, that server is asked for the backup.
func (p *program) writeBackup(ctx context.Context, config configs.Config, w io.Writer) (err error) {
	path, isFile := storeFile(config)
	if !isFile {
		return p.writeCopy(ctx, config, w)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no store to back up: %w", err) // opening would make one
	}
	opened, err := boltstore.Open(path)
	if errors.Is(err, store.ErrInUse) {
		return p.during("writing the backup", func() error { return askForBackup(ctx, path, w) })
	}
	if err != nil {
		return damageAdvice(path, err)
	}
	err = p.during("writing the backup", func() error { return opened.Backup(ctx, w) })
	return errors.Join(err, opened.Close())
}

// writeCopy copies a store of any other kind into a bolt file first.
func (p *program) writeCopy(ctx context.Context, config configs.Config, w io.Writer) (err error) {
	from, err := openStore(ctx, config, p.newLog(config.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	folder, err := os.MkdirTemp("", "mintkey-backup-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	to, err := boltstore.Open(filepath.Join(folder, "mintkey.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := p.during("copying the store", func() error { return store.Copy(ctx, to, from) }); err != nil {
		return err
	}
	return to.Backup(ctx, w)
}
