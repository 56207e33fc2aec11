package main

import (
	"fmt"
	"time"
)

const day = 24 * time.Hour

// inWords says how far an instant is from now, as exactly as a person needs it: "3 days ago", "in 12 days". Parts are left out, so that
// what expires in words has at least that long.
func inWords(at, now time.Time) string {
	away := at.Sub(now)
	if away < 0 {
		return span(-away) + " ago"
	}
	return "in " + span(away)
}

// span is a duration in one unit. Below two years that is days at most, the unit of the product.
func span(d time.Duration) string {
	units := []struct {
		name  string
		unit  time.Duration
		below time.Duration
	}{
		{"second", time.Second, time.Minute},
		{"minute", time.Minute, time.Hour},
		{"hour", time.Hour, 2 * day},
		{"day", day, 2 * 365 * day},
	}
	for _, u := range units {
		if d < u.below {
			return count(int(d/u.unit), u.name)
		}
	}
	return count(int(d/(365*day)), "year")
}

// count is a number with its noun: "1 access key", "2 access keys".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
