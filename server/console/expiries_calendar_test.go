package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"mintkey/policy"
)

// The expiries come as a calendar file that RFC 5545 allows, whatever labels and names are made of.
func TestCalendarOfExpiries(t *testing.T) {
	h := newHarness(t)
	label := `night, day; back\slash “` + strings.Repeat("ä", 150) + "”"
	clientID, _ := h.key("lisbon", "grace", label, 12)
	_, _ = h.key("berlin", "linus", "other", 20)
	_, _ = h.key("berlin", "tom", "expired", 95)
	expiry := start.Add(78 * policy.Day).Truncate(time.Second)

	ada := h.as("ada")
	ada.get(securityPath).has(`href="/console/security/expiries.ics"`)
	file := ada.get("/console/security/expiries.ics").want(200)
	if got := file.header.Get("Content-Type"); got != "text/calendar; charset=utf-8" {
		t.Errorf("the type is %q", got)
	}
	checkICS(t, file.body)
	events := eventsIn(t, file.body)
	if len(events) != 2 {
		t.Fatalf("%d events in\n%s", len(events), file.body)
	}
	for _, name := range []ics.ComponentProperty{ics.ComponentPropertyDtstamp, ics.ComponentPropertyDtStart, ics.ComponentPropertyUniqueId} {
		if events[1].GetProperty(name) == nil {
			t.Errorf("no %s in\n%s", name, file.body)
		}
	}
	at, err := events[1].GetStartAt()
	said := events[1].GetProperty(ics.ComponentPropertySummary).Value
	if err != nil || !at.Equal(expiry) || said != "Access key “"+label+"” expires" {
		t.Errorf("%s at %s (%v), want %s", said, at, err, expiry)
	}
	text := events[1].GetProperty(ics.ComponentPropertyDescription).Value
	if text != clientID+" of Grace Hopper in Lisbon. Refresh it before." {
		t.Errorf("the text is %s", text)
	}

	grace := h.as("grace")
	grace.get("/console/security/expiries.ics").want(http.StatusForbidden)
	grace.get("/console/account").has(`href="/console/account/expiries.ics"`)
	own := grace.get("/console/account/expiries.ics").want(200)
	checkICS(t, own.body)
	if events := eventsIn(t, own.body); len(events) != 1 || !strings.Contains(own.body, "/console/account/keys/") {
		t.Errorf("her own calendar is\n%s", own.body)
	}
	checkICS(t, h.as("linus").get("/console/account/expiries.ics").want(200).body)
	tom := h.as("tom") // his only key has expired
	tom.get("/console/account/expiries.ics").leadsTo("/console/account")
	tom.get("/console/account").says("nothing for a calendar")
}

// However many access keys expire, the file has the next thousand and is small on its way.
func TestABigCalendarFile(t *testing.T) {
	h := newHarness(t)
	h.grow(0, 700)
	ada := h.as("ada")
	file := ada.get("/console/security/expiries.ics").want(200)
	if events := eventsIn(t, file.body); len(events) != 1001 || !strings.Contains(file.body, "it has 1\\,000 entries") {
		t.Errorf("%d events", len(events))
	}
	packed := ada.get("/console/security/expiries.ics", gzipped).want(200)
	if packed.header.Get("Content-Encoding") != "gzip" || len(packed.body) > biggestPage {
		t.Errorf("%d bytes, packed with %q", len(packed.body), packed.header.Get("Content-Encoding"))
	}
}

func eventsIn(t *testing.T, file string) []*ics.VEvent {
	t.Helper()
	calendar, err := ics.ParseCalendar(strings.NewReader(file))
	if err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	return calendar.Events()
}

// checkICS looks at what the library could get wrong: lines end with CRLF and are of 75 bytes at most (section 3.1), without half a
// character, and the calendar has what section 3.6 requires.
func checkICS(t *testing.T, file string) {
	t.Helper()
	if strings.Contains(strings.ReplaceAll(file, "\r\n", ""), "\n") || !strings.HasSuffix(file, "END:VCALENDAR\r\n") {
		t.Errorf("lines do not end with CRLF:\n%q", file)
	}
	for line := range strings.SplitSeq(file, "\r\n") {
		if len(line) > 75 || strings.ToValidUTF8(line, "") != line {
			t.Errorf("%d bytes in the line %q", len(line), line)
		}
	}
	for _, required := range []string{"BEGIN:VCALENDAR\r\n", "VERSION:2.0\r\n", "PRODID:"} {
		if !strings.Contains(file, required) {
			t.Errorf("no %q in\n%s", required, file)
		}
	}
}
