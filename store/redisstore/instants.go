package redisstore

import (
	"fmt"
	"strconv"
	"time"
)

// The score of a sorted set is a double and can't hold nanoseconds. Where time must be exact, it is part of the member, all
// scores are zero, and Redis orders the members by their bytes.

// instantSize is the length of an instant.
const instantSize = 24

// instant encodes a time of any year in hexadecimal digits that sort by time, to the nanosecond: seconds since 1970 with the sign bit
// flipped, so that earlier ones come first, then nanoseconds.
func instant(t time.Time) string {
	return fmt.Sprintf("%016x%08x", uint64(t.Unix())^1<<63, t.Nanosecond())
}

// parseInstant reads, in UTC, the instant that the text begins with.
func parseInstant(text string) (time.Time, error) {
	if len(text) < instantSize {
		return time.Time{}, fmt.Errorf("decode a time: %q is too short", text)
	}
	seconds, err := strconv.ParseUint(text[:16], 16, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("decode a time: %w", err)
	}
	nanoseconds, err := strconv.ParseUint(text[16:instantSize], 16, 32)
	if err != nil {
		return time.Time{}, fmt.Errorf("decode a time: %w", err)
	}
	return time.Unix(int64(seconds^1<<63), int64(nanoseconds)).UTC(), nil
}

// What follows an instant in a member begins with a space. So a range that ends at afterInstant includes all members of that instant,
// and one that begins there includes none.

func atInstant(t time.Time) string    { return "[" + instant(t) }
func afterInstant(t time.Time) string { return "[" + instant(t) + "!" }
