package redisstore

import (
	"context"
	"fmt"

	"mintkey/store"
)

// unavailable wraps an error of Redis, or of the connection to it, for the caller. Only the text of the error is kept:
// a time-out inside the client must not be taken for the end of the caller's context.
func unavailable(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("redis: %w", ended)
	}
	return fmt.Errorf("%w: %s", store.ErrUnavailable, err.Error())
}

func encode(record any) (string, error) {
	text, err := store.EncodeRecord(record)
	return string(text), err
}

func decode[T any](text string) (T, error) { return store.DecodeRecord[T]([]byte(text)) }
