package boltstore

import (
	"encoding/binary"
	"time"
)

// instantSize is the length of an instant in bytes.
const instantSize = 12

// instant is the time as bytes whose order is the order of time, to the nanosecond and for any year: seconds since 1970 with the
// sign bit turned, so that those before come first, and then nanoseconds.
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
