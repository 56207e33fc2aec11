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

// Strangers can't keep a person out who comes from where they signed in before (R23).
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
		{"her network", ada, limits.Visitor{Address: "2001:db8:1:1:ffff::9", At: b.at}, 10}, // guesses are counted there as anywhere
		{"her phone, on the way", ada, limits.Visitor{Address: "192.0.2.1", Device: "phone", At: later}, 10},
		{"another phone", ada, limits.Visitor{Address: "192.0.2.2", Device: "phones", At: b.at}, 0},
		{"her address for a device", ada, limits.Visitor{Address: "192.0.2.3", Device: "2001:db8:1:1::/64", At: b.at}, 0},
		{"somebody else on her phone", tom, limits.Visitor{Address: "192.0.2.4", Device: "phone", At: b.at}, 0},
		{"her phone after a month", ada, limits.Visitor{Address: "192.0.2.5", Device: "phone", At: later.Add(1)}, 0},
	} {
		b.want(row.name, b.pass(limits.Password([]limits.User{row.user}, row.visitor)), row.want)
	}
}

// A device is known by what it was given last; as many as a person may have are known, and the store holds no address and no cookie.
func TestWhatIsKnownIsBounded(t *testing.T) {
	b := newBench(t)
	ada := limits.KnownUser("acme", "ada")
	for i := range 100 {
		v := limits.Visitor{Address: fmt.Sprintf("198.51.100.%d", i), Device: fmt.Sprint("cookie", i-1), At: b.at.Add(time.Duration(i) * time.Minute)}
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
	b.want("the last device", b.pass(limits.Password([]limits.User{ada}, limits.Visitor{Address: "192.0.2.1", Device: "cookie99", At: at})), 10)
	b.want("a device of before", b.pass(limits.Password([]limits.User{ada}, limits.Visitor{Address: "192.0.2.2", Device: "cookie98", At: at})), 0)
	b.want("the last address", b.pass(limits.Password([]limits.User{ada}, limits.Visitor{Address: "198.51.100.99", At: at})), 10)
	b.want("the first address", b.pass(limits.Password([]limits.User{ada}, limits.Visitor{Address: "198.51.100.0", At: at})), 0)
}
