package console_test

import (
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server/console"
)

// Ages are told to the nearest; a wait never ends before the limit does.
func TestDurationsInWords(t *testing.T) {
	for _, c := range []struct {
		d             time.Duration
		nearest, wait string
	}{
		{1, "1 second", "1 second"},
		{time.Second, "1 second", "1 second"},
		{time.Second + 1, "1 second", "2 seconds"},
		{30*time.Second + 400*time.Millisecond, "30 seconds", "31 seconds"},
		{59*time.Second + 400*time.Millisecond, "59 seconds", "1 minute"},
		{time.Minute, "1 minute", "1 minute"},
		{time.Minute + 1, "1 minute", "2 minutes"},
		{119 * time.Minute, "119 minutes", "119 minutes"},
		{119*time.Minute + time.Second, "119 minutes", "2 hours"},
		{2*time.Hour + 10*time.Minute, "2 hours", "3 hours"},
		{47*time.Hour + 29*time.Minute, "47 hours", "2 days"},
		{2*policy.Day + time.Minute, "2 days", "3 days"},
		{90*policy.Day - time.Second, "90 days", "90 days"},
		{365*policy.Day + time.Hour, "12 months", "13 months"},
		{731 * policy.Day, "2 years", "3 years"},
	} {
		if nearest, wait := console.DurationText(c.d), console.WaitText(c.d); nearest != c.nearest || wait != c.wait {
			t.Errorf("%s: %s and %s, want %s and %s", c.d, nearest, wait, c.nearest, c.wait)
		}
	}
}
