package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"mintkey/configs"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
)

// openStore opens the configured store. It is the only place that knows all kinds. Messages of a client library go to the log.
func openStore(ctx context.Context, config configs.Config, log *slog.Logger) (store.Store, error) {
	if path, ok := config.BoltPath(); ok {
		opened, err := boltstore.Open(path)
		if errors.Is(err, store.ErrInUse) {
			return nil, fmt.Errorf("%w; stop it first, or set store to another file", err)
		}
		if err != nil {
			return nil, err
		}
		return opened, nil
	}
	redisstore.LogTo(log)
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
