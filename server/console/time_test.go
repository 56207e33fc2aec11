package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"mintkey/policy"
)

// A reader in Auckland sees the day and the hour there, with UTC beside it, and filters by days there.
func TestTimesInTheZoneOfTheReader(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "grace", "nightly build", 85) // expires on 7 March at 09:00 UTC, that is at 22:00
	h.advance(-12 * time.Hour)                                   // 1 March, 21:00 UTC: 2 March, 10:00
	created, _ := h.key("berlin", "linus", "made on 2 March", 0)
	h.advance(-24 * time.Hour)
	before, _ := h.key("berlin", "linus", "made on 1 March", 0)
	h.advance(37 * time.Hour)

	b := newBrowser(t, h)
	auckland := emulation.SetTimezoneOverrideParams{TimezoneID: "Pacific/Auckland"}
	if _, err := chromedp.Call(b.ctx, emulation.SetTimezoneOverride, auckland); err != nil {
		t.Fatal(err)
	}
	b.signIn(emailOf("ada"))
	text := func() string { return run(b, chromedp.Evaluate[string](`document.querySelector("main").innerText`)) }
	b.open(berlinKeys + "/" + clientID)
	if said := text(); !strings.Contains(said, "7 Mar 2026, 22:00 GMT+13 (7 Mar 2026, 09:00 UTC)") {
		t.Errorf("the page of the key says %s", said)
	}
	b.open(berlinKeys)
	if said := text(); !strings.Contains(said, "at 22:00 GMT+13") {
		t.Errorf("the list says %s", said)
	}
	b.open("/console/activity?action=key.created")
	b.do(chromedp.SetValue(chromedp.CSS("#since"), "2026-03-02"), chromedp.SetValue(chromedp.CSS("#until"), "2026-03-02"))
	b.click(".filter-go button")
	b.until(`location.search.includes("since=") && document.readyState === "complete"`)
	b.see(".filter-go a")
	said := text()
	if !strings.Contains(said, created) || strings.Contains(said, before) || !strings.Contains(said, "2 Mar 2026, 10:00 GMT+13") {
		t.Errorf("the trail of 2 March says %s", said)
	}
	address := run(b, chromedp.Evaluate[string](`location.search`))
	if !strings.Contains(address, "since=2026-03-01T11%3A00%3A00Z") || !strings.Contains(address, "until=2026-03-02T11%3A00%3A00Z") {
		t.Errorf("the filter is %s", address)
	}
	days := run(b, chromedp.Evaluate[string](`document.getElementById("since").value + " " + document.getElementById("until").value`))
	if days != "2026-03-02 2026-03-02" {
		t.Errorf("the form then has %s", days)
	}
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser says %s", complaints)
	}
	h.as("ada").get("/console/activity?since=2026-03-02").says("From UTC", "Until UTC").saysNot(created)
}

// The script writes months as the server does.
func TestSeptemberIsWrittenAlike(t *testing.T) {
	h := newHarness(t)
	h.advance(110 * policy.Day) // 20 June: the key expires on 18 September
	_, _ = h.key("berlin", "grace", "", 0)
	h.as("ada").get(berlinKeys).says("18 Sep 2026")
	b := newBrowser(t, h)
	b.signIn(emailOf("ada"))
	b.open(berlinKeys)
	said := run(b, chromedp.Evaluate[string](`document.querySelector("main").innerText`))
	if !strings.Contains(said, "18 Sep 2026") || strings.Contains(said, "Sept ") {
		t.Errorf("the page says %s", said)
	}
}
