package main

import (
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Keys of a seeded store were issued in the last two months, however many there are, and each is in the audit trail if asked for.
func TestSeededKeysWereIssuedInTheLastTwoMonths(t *testing.T) {
	const keys = 3000
	url, now := "bolt://"+t.TempDir()+"/mintkey.db", time.Now()
	if _, err := seed(t.Context(), url, size{accounts: 1, tenants: 1, keys: keys, show: 1, events: true}, now); err != nil {
		t.Fatal(err)
	}
	opened, err := openStore(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	found, err := opened.KeysByIssue(t.Context(), accountID(0), store.DatedKey{}, now.Add(1000*policy.Day), keys+1)
	if err != nil || len(found) != keys {
		t.Fatalf("%d keys, %v", len(found), err)
	}
	if first, last := found[0].At, found[keys-1].At; now.Sub(first) > months+time.Minute || now.Sub(first) < months*9/10 || last.After(now) {
		t.Errorf("issued from %s to %s", first, last)
	}
	events, err := opened.Events(t.Context(), accountID(0), store.EventsQuery{Limit: keys + 1})
	if err != nil || len(events) != keys {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// The exponent is of the time for each unit of the answer.
func TestGrowth(t *testing.T) {
	for want, seconds := range map[float64]func(keys float64) float64{
		0: func(float64) float64 { return 3 },
		1: func(keys float64) float64 { return keys / 7 },
		2: func(keys float64) float64 { return keys * keys },
	} {
		var sizes, whole []measured
		for _, keys := range []int{1_000, 10_000, 100_000} {
			n := float64(keys)
			sizes = append(sizes, measured{Keys: keys, Seconds: seconds(n), Units: 1})
			whole = append(whole, measured{Keys: keys, Seconds: seconds(n), Units: n})
		}
		if got := growth(sizes); got < want-0.001 || got > want+0.001 {
			t.Errorf("exponent %v, want %v", got, want)
		}
		if got := growth(whole); got < want-1.001 || got > want-0.999 {
			t.Errorf("exponent of a whole list %v, want %v", got, want-1)
		}
	}
}
