package redisstore

import (
	"context"
	"encoding/json"
	"fmt"

	"mintkey/store"
)

// unavailable is what the caller hears of an error of Redis or of the way to it. Only the text of the error is kept: a
// time-out inside the client must not pass for the end of the caller's context.
func unavailable(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("redis: %w", ended)
	}
	return fmt.Errorf("%w: %s", store.ErrUnavailable, err.Error())
}

func encode(record any) (string, error) {
	text, err := json.Marshal(record)
	if err != nil {
		return "", fmt.Errorf("encode a record: %w", err)
	}
	return string(text), nil
}

func decode[T any](text string) (T, error) {
	var record T
	if err := json.Unmarshal([]byte(text), &record); err != nil {
		return record, fmt.Errorf("decode a record: %w", err)
	}
	return record, nil
}
