package policy_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mintkey/policy"
)

func TestNewEventID(t *testing.T) {
	at := time.UnixMilli(0x18cd_1234_5678)
	equal(t, "ID", policy.NewEventID(at, [10]byte{0: 1, 9: 0xff}), "18cd12345678-010000000000000000ff")
	equal(t, "before 1970", policy.NewEventID(time.Time{}, [10]byte{}), "000000000000-"+strings.Repeat("0", 20))
}

// IDs sort by time, whatever the random part and the time zone.
func TestEventIDsOrderByTime(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{12}-[0-9a-f]{20}$`)
	rapid.Check(t, func(t *rapid.T) {
		random := func(label string) [10]byte { return [10]byte(rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, label)) }
		ms := rapid.Int64Range(0, 1<<48-2).Draw(t, "milliseconds")
		later := rapid.Int64Range(ms+1, 1<<48-1).Draw(t, "later")
		first := policy.NewEventID(time.UnixMilli(ms).In(time.FixedZone("", 3600)), random("a"))
		second := policy.NewEventID(time.UnixMilli(later).UTC(), random("b"))
		if first >= second || !form.MatchString(first) || !form.MatchString(second) {
			t.Fatalf("%s at %d, %s at %d", first, ms, second, later)
		}
	})
}
