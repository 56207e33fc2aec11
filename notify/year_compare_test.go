package notify_test

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

// compare holds what has arrived against the model.
func (y *year) compare() {
	y.t.Helper()
	times := map[string]int{} // by Message-ID
	var got []string
	for _, r := range y.mail.taken() {
		m := r.message(y.t)
		if times[m.Header.Get("Message-Id")]++; times[m.Header.Get("Message-Id")] == 1 {
			got = append(got, y.line(r))
		}
	}
	want := slices.Clone(y.model.mails)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		y.t.Errorf("what arrived (+) is not what the model lists (-):\n%s", diff)
	}
	y.compareKeys()
	duplicates := len(y.mail.taken()) - len(times)
	if duplicates > y.crashes {
		y.t.Errorf("%d duplicates of %d crashes", duplicates, y.crashes)
	}
	expiring := 0
	for _, line := range want {
		if strings.Contains(line, "expiring") {
			expiring++
		}
	}
	if expiring < 20 || len(want)-expiring < 20 {
		y.t.Errorf("%d notices and %d other mails in a year: this shows nothing", expiring, len(want)-expiring)
	}
	y.t.Logf("%d notices, %d other mails, %d keys; %d refusals, %d crashes, %d duplicates, %d restarts",
		expiring, len(want)-expiring, y.made, y.refusals, y.crashes, duplicates, y.restarts)
}

// compareKeys sees that the keys that expired long ago are gone, and no others.
func (y *year) compareKeys() {
	y.t.Helper()
	var want, got []string
	for _, k := range y.model.keys {
		want = append(want, k.clientID)
	}
	for _, p := range y.people {
		m, err := y.stores[0].Membership(y.t.Context(), p.tenant, p.user)
		must(y.t, err)
		for _, key := range m.Keys {
			got = append(got, key.ClientID)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		y.t.Errorf("the keys that are left (+) are not those of the model (-):\n%s", diff)
	}
}

var (
	mailClientID = regexp.MustCompile(`mk_\d+`)
	mailExpiry   = regexp.MustCompile(`(?m)^  Expires    \w+, (.*)$`)
)

// line puts a mail that arrived into the model's form.
func (y *year) line(r received) string {
	y.t.Helper()
	a := read(y.t, r)
	date, err := mail.ParseDate(a.header.Get("Date"))
	must(y.t, err)
	kind := map[string]string{
		"Your access key expires": "expiring", "You have a new": "created",
		"Your access key has a new": "refreshed", "Your access key was revoked": "revoked",
	}
	var kinds []string
	for beginning, name := range kind {
		if strings.HasPrefix(a.subject, beginning) {
			kinds = append(kinds, name)
		}
	}
	line := fmt.Sprintf("%s %s %s %s", date.UTC().Format(time.RFC3339), strings.TrimSuffix(r.to[0], "@example.com"),
		strings.Join(kinds, "?"), mailClientID.FindString(a.subject))
	if expiry := mailExpiry.FindStringSubmatch(a.text); len(kinds) == 1 && kinds[0] == "expiring" && expiry != nil {
		line += " " + expiry[1]
	}
	return line
}
