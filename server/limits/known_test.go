package limits_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mintkey/server/limits"
)

// guessFromEverywhere uses up what there is for one user from all addresses together.
func (b *bench) guessFromEverywhere(u limits.User) {
	b.Helper()
	all := 0
	for i := range 11 {
		all += b.pass(password(u, fmt.Sprint("203.0.113.", i)))
	}
	b.want("guesses from everywhere", all, 100)
}

// Strangers can't lock out a person who signs in from a known place (R23).
func TestKnownPlacesAreSparedTheGuessesOfStrangers(t *testing.T) {
	b := newBench(t)
	ada, tom := limits.KnownUser("acme", "ada"), limits.KnownUser("acme", "tom")
	home := limits.Visitor{Address: "2001:db8:1:1::1", At: b.at}
	if err := b.Remember(t.Context(), ada, home, "phone"); err != nil {
		t.Fatal(err)
	}
	b.guessFromEverywhere(ada)
	b.guessFromEverywhere(tom)
	later := b.at.Add(limits.KnownFor - 1)
	for _, row := range []struct {
		name    string
		user    limits.User
		visitor limits.Visitor
		want    int
	}{
		{"her network", ada, from("2001:db8:1:1:ffff::9", "", b.at), 10}, // guesses are counted there as anywhere
		{"her phone, on the way", ada, from("192.0.2.1", "phone", later), 10},
		{"another phone", ada, from("192.0.2.2", "phones", b.at), 0},
		{"her address for a device", ada, from("192.0.2.3", "2001:db8:1:1::/64", b.at), 0},
		{"somebody else on her phone", tom, from("192.0.2.4", "phone", b.at), 0},
		{"her phone after a month", ada, from("192.0.2.5", "phone", later.Add(1)), 0},
	} {
		b.want(row.name, b.pass(limits.Password([]limits.User{row.user}, row.visitor)), row.want)
	}
}

// A device is known by its latest token. The number of known devices is bounded, and the store has neither addresses nor cookies.
func TestWhatIsKnownIsBounded(t *testing.T) {
	b := newBench(t)
	ada := limits.KnownUser("acme", "ada")
	for i := range 100 {
		v := from(fmt.Sprintf("198.51.100.%d", i), fmt.Sprint("cookie", i-1), b.at.Add(time.Duration(i)*time.Minute))
		if err := b.Remember(t.Context(), ada, v, fmt.Sprint("cookie", i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.places) != 1 {
		t.Fatalf("%d values are kept for one user", len(b.places))
	}
	for key, value := range b.places {
		if len(value) > 2000 || strings.Contains(key+string(value), "198.51") || strings.Contains(string(value), "cookie") {
			t.Errorf("%s is %d bytes: %s", key, len(value), value)
		}
	}
	b.guessFromEverywhere(ada)
	at := b.at.Add(2 * time.Hour)
	for _, row := range []struct {
		name    string
		visitor limits.Visitor
		want    int
	}{
		{"the last device", from("192.0.2.1", "cookie99", at), 10},
		{"a device of before", from("192.0.2.2", "cookie98", at), 0},
		{"the last address", from("198.51.100.99", "", at), 10},
		{"the first address", from("198.51.100.0", "", at), 0},
	} {
		b.want(row.name, b.pass(limits.Password([]limits.User{ada}, row.visitor)), row.want)
	}
}

func from(address, device string, at time.Time) limits.Visitor {
	return limits.Visitor{Address: address, Device: device, At: at}
}
