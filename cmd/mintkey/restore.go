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
	"mintkey/tokens"
)

func (p *program) restoreCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Fill an empty store from a backup",
		Long: "Fill an empty store from a file that mintkey backup wrote, or from standard input for -. No server may be running on it.\n" +
			"The store may be of another kind than the one that was backed up: this is also how to move from a file to Redis and back.\n" +
			"A backup of an earlier version is upgraded on the way, one of a later version refused.\n" +
			"A damaged or incomplete backup is refused; --check only says whether it is one, and needs no store.\n" +
			"Access keys that were revoked after the backup was made work again: revoke them once more.",
		Example: "  mintkey restore --check mintkey-backup.db\n  mintkey restore mintkey-backup.db\n" +
			"  mintkey restore mintkey-backup.db --store redis://127.0.0.1:6379/0",
		Args: arguments(cobra.ExactArgs(1)),
	}
	onlyCheck := c.Flags().Bool("check", false, "look at every record of the backup, and restore nothing")
	p.withSettings(c, func(config configs.Config, args []string) error {
		if *onlyCheck {
			return p.showCheck(c.Context(), args[0])
		}
		found, err := p.restore(c.Context(), config, args[0])
		if err != nil {
			return err
		}
		err = p.print(copied{args[0], found}, func(w io.Writer) { _, _ = fmt.Fprintf(w, "Restored %s: %s\n", args[0], tallyText(found)) })
		p.remindOfEncryptionKey(config)
		return err
	})
	showSettings(c, "store", "log", "signing-keys")
	return c
}

func (p *program) showCheck(ctx context.Context, file string) error {
	found, err := p.checkBackup(ctx, file)
	if err != nil {
		return err
	}
	p.noteMissingChecksum(file, found)
	return p.print(checked{file, found}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "%s can be restored: %s; records of every kind %d\n", file, tallyText(found.Tally), found.Records)
	})
}

// restore works on a copy of the file, which it checks completely before it touches the store.
func (p *program) restore(ctx context.Context, config configs.Config, file string) (found store.Tally, err error) {
	path, isFile := storeFile(config)
	folder := "" // for temporary files
	if isFile {
		folder = filepath.Dir(path) // to be renamed there
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return found, err
		}
	}
	if folder, err = os.MkdirTemp(folder, ".mintkey-restore-"); err != nil {
		return found, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	staged := filepath.Join(folder, "mintkey.db")
	if err := p.stage(file, staged); err != nil {
		return found, err
	}
	var contents boltstore.Contents
	err = p.during("checking the backup", func() error {
		contents, err = boltstore.Check(ctx, staged)
		return err
	})
	if err != nil {
		return found, unreadable(file, err)
	}
	p.noteMissingChecksum(file, contents)
	found = contents.Tally
	if !isFile {
		return found, p.restoreInto(ctx, config, staged)
	}
	if err := needEmpty(ctx, path); err != nil {
		return found, err
	}
	if err := p.renew(ctx, staged); err != nil {
		return found, err
	}
	return found, settle(staged, path)
}

// renew brings a backup of an earlier version to the present one, and begins a new epoch: what servers have seen since the backup is
// gone, and what they have handed out since must not be handed out again.
func (p *program) renew(ctx context.Context, staged string) (err error) {
	opened, err := boltstore.Open(staged)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	report, err := store.Upgrade(ctx, opened, p.clock(), false)
	if err != nil {
		return err
	}
	if report.From != report.To {
		p.sayf("The backup is of version %d.\n", report.From)
		showUpgrade(p.stderr, report, false)
	}
	now := p.clock()
	return errors.Join(store.RenewEpoch(ctx, opened), tokens.SkipStatusIndexes(ctx, opened, now), store.LoseHistory(ctx, opened, now))
}

// stage copies the backup, or standard input for -.
func (p *program) stage(from, to string) error {
	source, size := p.stdin, int64(-1)
	if from != "-" {
		file, err := os.Open(from)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		source = file
		if about, err := file.Stat(); err == nil {
			size = about.Size()
		}
	}
	copied, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = p.copyWithProgress("reading the backup", size, copied, source)
	return errors.Join(err, copied.Sync(), copied.Close())
}

func (p *program) restoreInto(ctx context.Context, config configs.Config, staged string) (err error) {
	to, err := openStore(ctx, config, p.newLog(config.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	some, err := to.Accounts(ctx, store.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(some) > 0 {
		return fmt.Errorf("%w: set store to another database, or empty this one", store.ErrNotEmpty)
	}
	if err := p.renew(ctx, staged); err != nil {
		return err
	}
	from, err := boltstore.Open(staged)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := p.during("restoring", func() error { return store.Copy(ctx, to, from) }); err != nil {
		return fmt.Errorf("%w; the store may have a part of the backup now: empty it before another try", err)
	}
	return nil
}

// needEmpty refuses a file that is a store with accounts, not a store at all, or in use.
func needEmpty(ctx context.Context, path string) error {
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	found, err := boltstore.Check(ctx, path)
	switch {
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("%w; stop it first", err)
	case err != nil:
		return damageAdvice(path, fmt.Errorf("store %s: %w", path, err))
	case found.Accounts > 0:
		return fmt.Errorf("%w: %s has %s; move it away, or set store to another file", store.ErrNotEmpty, path, tallyText(found.Tally))
	}
	return nil
}

// remindOfEncryptionKey says where to put the key-encryption key, which is not in a backup.
func (p *program) remindOfEncryptionKey(config configs.Config) {
	const because = "The signing keys in the backup are encrypted with a key that is not in it.\nBefore mintkey serve, "
	keys := config.SigningKeys
	if keys.EncryptionKeyFile != "" || keys.EncryptionKey.Reveal() != "" {
		return
	}
	if _, isFile := config.BoltPath(); !isFile {
		p.sayf("%sset signing_keys.encryption_key to the key that the old store was used with.\n", because)
	} else if _, err := os.Stat(keyFile(config)); err != nil {
		p.sayf("%sput the old store's .sealing-key file at %s, or set signing_keys.encryption_key.\n", because, keyFile(config))
	}
}
