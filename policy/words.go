package policy

import (
	"strconv"
	"time"
)

// InWords writes a small number as texts for people do: "two". From ten on it uses digits.
func InWords(n int) string {
	words := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if n < 0 || n >= len(words) {
		return strconv.Itoa(n)
	}
	return words[n]
}

// InDays writes a duration as whole days: "7 days".
func InDays(d time.Duration) string {
	if d == Day {
		return "1 day"
	}
	return strconv.Itoa(int(d/Day)) + " days"
}

// Old says whether a key whose secret was made then is marked old: only while no policy ends it.
func Old(secretIssued time.Time, p ExpirationPolicy, now time.Time) bool {
	return now.Sub(secretIssued) > OldAfter && !p.InForce(now).Enabled
}
