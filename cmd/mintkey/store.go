package main

import (
	"context"
	"errors"
	"fmt"

	"mintkey/configs"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
)

// openStore opens the store that the settings name.
func openStore(ctx context.Context, config configs.Config) (store.Store, error) {
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
	opened, err := redisstore.Open(ctx, config.Store.Reveal())
	if err != nil {
		return nil, err
	}
	return opened, nil
}
