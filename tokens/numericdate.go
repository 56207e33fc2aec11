package tokens

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// NumericDate is a time that is whole seconds since 1970 in JSON (RFC 7519 section 2). Writing rounds down: a token may expire a
// fraction of a second early, never late. Reading accepts an integer only, so that a fraction, an exponent or a string is refused.
// Zero is no time.
type NumericDate struct{ time.Time }

// At returns the time as a NumericDate.
func At(t time.Time) NumericDate { return NumericDate{t} }

// lastSecond ends the year 9999. A later time is an attempt at an overflow.
const lastSecond = 253402300799

var errInvalidTime = errors.New("exp, iat and nbf must be seconds between 1970 and 9999")

// MarshalJSON writes the seconds.
func (d NumericDate) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte{'0'}, nil
	}
	return strconv.AppendInt(nil, d.Unix(), 10), nil
}

// UnmarshalJSON reads the seconds.
func (d *NumericDate) UnmarshalJSON(data []byte) error {
	var seconds int64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	switch {
	case seconds < 0 || seconds > lastSecond:
		return errInvalidTime
	case seconds == 0:
		d.Time = time.Time{}
	default:
		d.Time = time.Unix(seconds, 0).UTC()
	}
	return nil
}
