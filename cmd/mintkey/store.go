package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"mintkey/configs"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/tokens"
)

// openStore opens the configured store for a command, which has no use for what a client library says.
func openStore(ctx context.Context, config configs.Config, log *slog.Logger) (store.Store, error) {
	return openStoreSaying(ctx, config, log, slog.LevelDebug, boltstore.Open)
}

// openStoreSaying opens the configured store. It is the only place that knows all kinds. Messages of a client library go to the log, at the
// level.
func openStoreSaying(
	ctx context.Context, config configs.Config, log *slog.Logger, level slog.Level,
	openFile func(path string) (*boltstore.Store, error),
) (store.Store, error) {
	if path, ok := storeFile(config); ok {
		opened, err := openFile(path)
		if errors.Is(err, store.ErrInUse) {
			return nil, fmt.Errorf("%w; stop it first, or set store to another file", err)
		}
		if err != nil {
			return nil, damageAdvice(path, err)
		}
		return opened, nil
	}
	redisstore.LogTo(log, level)
	secure, err := storeTLS(config.StoreTLS)
	if err != nil {
		return nil, err
	}
	opened, err := redisstore.OpenTLS(ctx, config.Store.Reveal(), secure)
	if err != nil {
		return nil, err
	}
	return opened, nil
}

// openExisting opens the configured store to do something with it, which a file that openStore would make is not for.
func openExisting(ctx context.Context, config configs.Config, log *slog.Logger, do string) (store.Store, error) {
	if path, isFile := storeFile(config); isFile {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no store to %s: %w", do, err)
		}
	}
	return openStore(ctx, config, log)
}

// maxLinks is how many symbolic links in a row a system follows.
const maxLinks = 40

// storeFile returns the path of a bolt store, or false for another kind. If the path is a symbolic link it returns the file that the link
// leads to, which need not exist: what belongs to a store is beside the file itself, and restore must not replace the link.
func storeFile(config configs.Config) (path string, isFile bool) {
	path, isFile = config.BoltPath()
	for range maxLinks {
		target, err := os.Readlink(path)
		if !isFile || err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path, isFile
}

// keyFile returns the path of the key-encryption key of a bolt store. It is beside the file, or beside a link to it if one is there, where
// earlier versions made it.
func keyFile(config configs.Config) string {
	const suffix = ".sealing-key"
	given, _ := config.BoltPath()
	path, _ := storeFile(config)
	if _, err := os.Stat(path + suffix); err != nil {
		if _, err := os.Stat(given + suffix); err == nil {
			return given + suffix
		}
	}
	return path + suffix
}

// beginHistory prepares the store for a process that will make tokens or secrets. The store may be an older file or dump that was put back
// while nobody saw it.
func beginHistory(ctx context.Context, s store.Store, config configs.Config, now time.Time) error {
	if err := tokens.SkipStatusIndexes(ctx, s, now); err != nil {
		return err
	}
	return store.BeginHistory(ctx, s, config.Tokens.Lifetime, now)
}
