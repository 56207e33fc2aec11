package console

import (
	"fmt"
	"strconv"
	"time"

	"mintkey/policy"
)

// stamp is a time in the forms that pages show. The zero value stands for never.
type stamp struct {
	ISO    string // for <time datetime>, which the script converts to the reader's time zone
	Date   string
	Minute string
	Hour   string
	UTC    string
	Words  string // distance from now, such as "in 12 days"
}

func newStamp(at, now time.Time) stamp {
	if at.IsZero() {
		return stamp{}
	}
	at = at.UTC()
	return stamp{
		ISO: at.Format(time.RFC3339), Date: at.Format("2 Jan 2006"), Minute: at.Format("2 Jan 2006, 15:04"), Hour: at.Format("15:04"),
		UTC: at.Format("2 January 2006, 15:04:05 UTC"), Words: distance(at, now),
	}
}

// distance returns the distance from now, such as "in 178 days" or "13 months ago".
func distance(at, now time.Time) string {
	if d := at.Sub(now); d >= time.Minute {
		return "in " + durationText(d)
	}
	if d := now.Sub(at); d >= time.Minute {
		return durationText(d) + " ago"
	}
	return "just now"
}

const (
	month = 30 * policy.Day
	year  = 365 * policy.Day
)

// durationText rounds to the nearest of the largest unit that still gives a useful number: of what has 90 days it says so for the first
// half day, and not "89 days" a second later. Ages and times that are left are rounded alike. Below a year the unit is days, in which
// periods are set.
func durationText(d time.Duration) string {
	unit, name := unitOf(d)
	n := int(d.Round(unit) / unit)
	if unit == time.Second {
		n = max(n, 1)
	}
	return plural(n, name)
}

// waitText is durationText that names no time at which it would still be too early.
func waitText(d time.Duration) string {
	unit, _ := unitOf(d)
	if over := d % unit; over > 0 {
		d += unit - over
	}
	return durationText(d)
}

// unitOf is the unit in which a duration is told.
func unitOf(d time.Duration) (unit time.Duration, name string) {
	switch {
	case d >= 2*year:
		return year, "year"
	case d >= year:
		return month, "month"
	case d.Round(time.Hour) >= 48*time.Hour:
		return policy.Day, "day"
	case d.Round(time.Minute) >= 2*time.Hour:
		return time.Hour, "hour"
	case d.Round(time.Second) >= time.Minute:
		return time.Minute, "minute"
	default:
		return time.Second, "second"
	}
}

// plural writes a count with its noun: "1 key", "1,204 keys".
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(n) + " " + noun
}

// grouped writes a number with a comma between thousands.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
