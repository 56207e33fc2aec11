package boltstore

import (
	"encoding/binary"
	"time"
)

// instantSize is the length of an instant in bytes.
const instantSize = 12

// instant encodes a time of any year as bytes that sort by time, to the nanosecond: seconds since 1970 with the sign bit flipped,
// so that earlier ones come first, then nanoseconds.
func instant(t time.Time) string {
	var b [instantSize]byte
	binary.BigEndian.PutUint64(b[:], uint64(t.Unix())^1<<63)
	binary.BigEndian.PutUint32(b[8:], uint32(t.Nanosecond()))
	return string(b[:])
}

// timeOf is the time, in UTC, of the instant that key begins with.
func timeOf(key string) time.Time {
	seconds := binary.BigEndian.Uint64([]byte(key[:8]))
	nanoseconds := binary.BigEndian.Uint32([]byte(key[8:instantSize]))
	return time.Unix(int64(seconds^1<<63), int64(nanoseconds)).UTC()
}
