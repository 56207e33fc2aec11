package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// Revocations are a stream whose IDs are 0-1, 0-2 and so on: a plain count, not a clock, which Redis keeps even when the stream is empty.
// Callers see the count in hexadecimal digits, so that IDs sort in the order of recording, and the mark of the entry: see
// store.RevocationID.

const (
	revocationField = "revocation"
	markField       = "mark"
)

func streamID(number uint64) string { return "0-" + strconv.FormatUint(number, 10) }

// RecordRevocations implements store.Revocations. It works even when the memory of Redis is full.
func (s *Store) RecordRevocations(ctx context.Context, revocations ...store.Revocation) error {
	var c change
	mark := store.NewRevocationMark()
	c.evenIfFull("XDEL", revocationsKey, "0-0")
	for _, revocation := range revocations {
		text, err := encode(revocation)
		if err != nil {
			return err
		}
		c.do("XADD", revocationsKey, "0-*", revocationField, text, markField, mark)
	}
	if len(revocations) == 0 {
		return ctx.Err()
	}
	return untilSaved(ctx, func() (bool, error) { return s.commit(ctx, c) })
}

// Revocations implements store.Revocations. One command reads the entry to continue after as well, so nothing comes between.
func (s *Store) Revocations(ctx context.Context, afterID string, limit int) ([]store.Revocation, error) {
	start, count := "-", int64(limit)
	if afterID != "" {
		start, count = streamID(store.RevocationNumber(afterID)), count+1
	}
	entries, err := s.client.XRangeN(ctx, revocationsKey, start, "+", count).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	revocations := make([]store.Revocation, len(entries))
	for i, entry := range entries {
		if revocations[i], err = decodeRevocation(entry); err != nil {
			return nil, err
		}
	}
	if afterID == "" {
		return revocations, nil
	}
	if len(revocations) == 0 || revocations[0].ID != afterID {
		return nil, store.ErrPositionLost
	}
	return revocations[1:], nil
}

func decodeRevocation(entry redis.XMessage) (store.Revocation, error) {
	text, _ := entry.Values[revocationField].(string)
	revocation, err := decode[store.Revocation](text)
	if err != nil {
		return revocation, err
	}
	_, count, _ := strings.Cut(entry.ID, "-")
	number, err := strconv.ParseUint(count, 10, 64)
	if err != nil {
		return revocation, fmt.Errorf("ID of a revocation: %w", err)
	}
	mark, _ := entry.Values[markField].(string)
	revocation.ID = store.RevocationID(number, mark)
	return revocation, nil
}

// ForgetRevocations implements store.Revocations. It reads all of them: they live no longer than a token does. It deletes at the end: the
// entry to continue after must stay until then.
func (s *Store) ForgetRevocations(ctx context.Context, now time.Time) error {
	var over []string
	for after := ""; ; {
		page, err := s.Revocations(ctx, after, batch)
		if err != nil {
			return err
		}
		for _, revocation := range page {
			after = revocation.ID
			if revocation.Until.Before(now) {
				over = append(over, streamID(store.RevocationNumber(after)))
			}
		}
		if len(page) < batch {
			if last := streamID(store.RevocationNumber(after)); len(over) > 0 && over[len(over)-1] == last {
				over = over[:len(over)-1]
			}
			break
		}
	}
	for some := range slices.Chunk(over, batch) {
		if err := s.client.XDel(ctx, revocationsKey, some...).Err(); err != nil {
			return unavailable(ctx, err)
		}
	}
	return nil
}
