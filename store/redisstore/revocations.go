package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// Revocations are a stream whose IDs are 0-1, 0-2 and so on: a plain count, not a clock, which Redis keeps even when the stream is empty.
// Callers see the count in hexadecimal digits, so that IDs sort in the order of recording.

const revocationField = "revocation"

func revocationID(streamID string) (string, error) {
	_, count, _ := strings.Cut(streamID, "-")
	number, err := strconv.ParseUint(count, 10, 64)
	if err != nil {
		return "", fmt.Errorf("ID of a revocation: %w", err)
	}
	return fmt.Sprintf("%016x", number), nil
}

func streamID(revocationID string) (string, error) {
	number, err := strconv.ParseUint(revocationID, 16, 64)
	if err != nil {
		return "", fmt.Errorf("ID of a revocation: %w", err)
	}
	return "0-" + strconv.FormatUint(number, 10), nil
}

// RecordRevocations implements store.Revocations. It works even when the memory of Redis is full.
func (s *Store) RecordRevocations(ctx context.Context, revocations ...store.Revocation) error {
	var c change
	c.evenIfFull("XDEL", revocationsKey, "0-0")
	for _, revocation := range revocations {
		text, err := encode(revocation)
		if err != nil {
			return err
		}
		c.do("XADD", revocationsKey, "0-*", revocationField, text)
	}
	if len(revocations) == 0 {
		return ctx.Err()
	}
	return untilSaved(ctx, func() (bool, error) { return s.commit(ctx, c) })
}

// Revocations implements store.Revocations.
func (s *Store) Revocations(ctx context.Context, afterID string, limit int) ([]store.Revocation, error) {
	start := "-"
	if afterID != "" {
		id, err := streamID(afterID)
		if err != nil {
			return nil, err
		}
		start = "(" + id
	}
	entries, err := s.client.XRangeN(ctx, revocationsKey, start, "+", int64(limit)).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	revocations := make([]store.Revocation, len(entries))
	for i, entry := range entries {
		if revocations[i], err = decodeRevocation(entry); err != nil {
			return nil, err
		}
	}
	return revocations, nil
}

func decodeRevocation(entry redis.XMessage) (store.Revocation, error) {
	text, _ := entry.Values[revocationField].(string)
	revocation, err := decode[store.Revocation](text)
	if err != nil {
		return revocation, err
	}
	revocation.ID, err = revocationID(entry.ID)
	return revocation, err
}

// ForgetRevocations implements store.Revocations. It reads all of them: they live no longer than a token does.
func (s *Store) ForgetRevocations(ctx context.Context, now time.Time) error {
	for after := ""; ; {
		page, err := s.Revocations(ctx, after, batch)
		if err != nil {
			return err
		}
		var over []string
		for _, revocation := range page {
			if revocation.Until.Before(now) {
				id, err := streamID(revocation.ID)
				if err != nil {
					return err
				}
				over = append(over, id)
			}
		}
		if len(over) > 0 {
			if err := s.client.XDel(ctx, revocationsKey, over...).Err(); err != nil {
				return unavailable(ctx, err)
			}
		}
		if len(page) < batch {
			return nil
		}
		after = page[len(page)-1].ID
	}
}
