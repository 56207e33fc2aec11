package console_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mintkey/policy"
	"mintkey/store"
)

const trafficPath = "/console/activity/traffic"

// busy records three months of realistic traffic: office hours, weekends, nightly jobs, and an agent with an old secret.
func (h *harness) busy(clientIDs []string) {
	h.Helper()
	counts := map[store.TrafficKey]store.TrafficCounts{}
	add := func(tenant, clientID string, at time.Time, issued, refused int64, reason store.Outcome) {
		source := store.TrafficSource{AccountID: "acme", TenantID: tenant, ClientID: clientID}
		key := store.TrafficKey{TrafficSource: source, Minute: at.Unix() / 60}
		some := counts[key]
		some[store.TokenIssued] += issued
		some[reason] += refused
		counts[key] = some
	}
	now := h.now()
	for hour := 1; hour < 90*24; hour++ {
		at := now.Add(-time.Duration(hour) * time.Hour)
		load := 20 + 60*max(0, math.Sin(float64(at.Hour()-6)/12*math.Pi)) + float64(hour*7919%23)
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			load /= 5
		}
		add("berlin", clientIDs[0], at, int64(load*3), int64(hour*31%40/38), store.RefusedRequest)
		add("berlin", clientIDs[1], at, int64(load), 0, store.RefusedExpired)
		add("lisbon", "mk_ThisOneIsGoneByNow000", at, int64(load/4), int64(load/9), store.RefusedRevoked)
		if at.Hour() == 2 {
			add("berlin", clientIDs[2], at, 900, 0, store.RefusedExpired)
		}
		if hour < 60 {
			add("berlin", clientIDs[2], at, 0, int64(load), store.RefusedWrongSecret)
		}
		add("lisbon", store.TrafficPasswords, at, int64(hour%3), int64(hour%50/49), store.RefusedWrongSecret)
	}
	for minute := range 60 {
		add("berlin", clientIDs[0], now.Add(-time.Duration(minute)*time.Minute), int64(minute*17%11), int64(minute%19/17), store.RefusedRequest)
	}
	h.must(h.store.RecordTraffic(h.Context(), counts))
}

// flush saves the server's buffered counts, as a shutdown does.
func (h *harness) flush() {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	h.must(h.server.Run(ctx))
}

func TestTraffic(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	ada.get(trafficPath).want(200).says("No tokens in the last 24 hours", h.url+"/oauth2/token", "it shows here a second later")
	nightly, secret := h.key("berlin", "grace", "nightly", 1)
	smoke, smokeSecret := h.key("lisbon", "grace", "", 1)
	for range 6 {
		h.token(nightly, secret)
	}
	for range 3 {
		h.token(nightly, smokeSecret)
	}
	h.token(smoke, smokeSecret)
	h.token("mk_0123456789abcdefghijkl", secret)
	h.flush()

	ada.get(trafficPath).says("Issued 7 Refused 3 30 %", "Wrong client secret or password 3",
		"Berlin 6 3 90 %", "Lisbon 1 0 10 %", "2 Mar, 09:00 UTC: 7 issued, 3 refused")
	ada.get(trafficPath+"?range=1h").says("2 Mar, 09:00 UTC: 7 issued, 3 refused", "2 Mar, 08:59 UTC: 0 issued, 0 refused")
	for _, r := range []string{"1h", "24h", "7d", "30d", "90d", "nonsense"} {
		ada.get(trafficPath+"?range="+r).want(200).says("Issued 7 Refused 3", "7 issued, 3 refused")
	}
	ada.get(trafficPath+"?tenant=berlin").says("Issued 6 Refused 3", nightly+" nightly · Grace Hopper 6 3 100 %").saysNot(smoke)
	ada.get(trafficPath+"?key="+smoke).says(smoke+" Grace Hopper", "Issued 1 Refused 0").saysNot("Why tokens were refused", nightly)
	ada.get(trafficPath + "?tenant=lisbon&key=" + smoke).says("Issued 1 Refused 0")
	ada.get(trafficPath+"?tenant=oslo").says("No tokens in the last 24 hours", "Nobody asked for one here.")

	h.advance(2 * time.Hour)
	ada = h.as("ada")
	ada.get(trafficPath + "?range=1h").says("No tokens in the last hour")
	ada.get(trafficPath).says("Issued 7 Refused 3")
	h.advance(policy.Day)
	ada = h.as("ada")
	ada.get(trafficPath).says("No tokens in the last 24 hours")
	ada.get(trafficPath + "?range=7d").says("Issued 7 Refused 3")

	ada.post("/console/tenants/berlin/keys/"+nightly+"/revoke", yes(form{})).leadsTo(berlinKeys)
	ada.get(trafficPath + "?range=7d&tenant=berlin").says(nightly + " no longer exists 6 3 100 %")
	ada.get(trafficPath + "?range=7d&key=" + nightly).says("Issued 6 Refused 3")
}

// Anything in another account or tenant is not found, even under its right name.
func TestTrafficOfOthers(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "", 1)
	h.token(clientID, secret)
	h.flush()
	rita, ada := h.as("rita"), h.as("ada")
	rita.get(trafficPath).says("No tokens in the last 24 hours").saysNot("Berlin")
	rita.get(trafficPath + "?tenant=berlin").says("No such tenant").saysNot("Issued")
	rita.get(trafficPath + "?key=" + clientID).says("No such access key").saysNot("Issued")
	rita.get(trafficPath + "?tenant=rome&key=" + clientID).says("No such access key").saysNot("Issued")
	rita.get(trafficPath + "/export?tenant=berlin").want(404)
	ada.get(trafficPath + "?tenant=lisbon&key=" + clientID).says("No such access key").saysNot("Issued")
	ada.get(trafficPath + "?tenant=nowhere").says("No such tenant")
	for _, who := range []string{"tom", "grace"} {
		h.as(who).get(trafficPath).want(403)
		h.as(who).get(trafficPath + "/export").want(403)
	}
}

// Tenant admins see the traffic of their tenant, and of no other.
func TestTrafficOfATenant(t *testing.T) {
	h := newHarness(t)
	nightly, secret := h.key("berlin", "grace", "nightly", 1)
	smoke, smokeSecret := h.key("lisbon", "grace", "", 1)
	h.token(nightly, secret)
	h.token(nightly, "wrong")
	h.token(smoke, smokeSecret)
	h.flush()
	const path = "/console/tenants/berlin/traffic"
	tom := h.as("tom")
	tom.get(berlinKeys).has(`href="` + path + `"`)
	page := tom.get(path).want(200).says("Tokens issued and refused in Berlin", "Issued 1 Refused 1").
		says(nightly+" nightly · Grace Hopper 1 1 100 %").
		saysNot(smoke, "Lisbon 1", "All tenants", "Audit trail", "See them in the audit trail").has(path+"?key="+nightly, path+"?range=7d")
	if strings.Contains(page.body, "/console/activity") {
		t.Error("it links to pages that tenant admins may not see")
	}
	tom.get(path+"?key="+nightly+"&range=7d").says("Issued 1 Refused 1", "Wrong client secret")
	tom.get(path + "?key=" + smoke).says("No access key of this tenant has the client ID").saysNot("Issued")
	tom.get(path + "?tenant=lisbon").says("Issued 1 Refused 1") // the tenant is that of the path
	tom.get(path + "?key=" + smoke + "&tenant=lisbon").says("No access key of this tenant").saysNot("Issued")
	csv := tom.get(path + "/export?range=1h").want(200)
	if !strings.Contains(csv.body, ",1,1,1,0") {
		t.Errorf("as CSV: %s", csv.body)
	}
	tom.get(path + "/export?key=" + smoke).want(404)
	for _, closed := range []string{"/console/tenants/lisbon/traffic", "/console/tenants/lisbon/traffic/export"} {
		if p := tom.get(closed); p.status != 403 && p.status != 404 {
			t.Errorf("%s answers a member %d", closed, p.status)
		}
	}
	h.as("rita").get(path).want(404)
	h.as("grace").get(path).want(403)
	h.as("ada").get(path).want(200).says("Issued 1 Refused 1", "See them in the audit trail")
}

// Only the busiest are listed, but the totals include the rest.
func TestTrafficOfMany(t *testing.T) {
	h := newHarness(t)
	counts := map[store.TrafficKey]store.TrafficCounts{}
	for i := range 25 {
		source := store.TrafficSource{AccountID: "acme", TenantID: "berlin", ClientID: fmt.Sprintf("mk_number%02d", i)}
		counts[store.TrafficKey{TrafficSource: source, Minute: h.now().Unix() / 60}] = store.TrafficCounts{store.TokenIssued: int64(1000 - i)}
	}
	h.must(h.store.RecordTraffic(h.Context(), counts))
	for i := range 200 {
		h.tenant("acme", fmt.Sprintf("team-%d", i), "Team", "24.3")
	}
	ada := h.as("ada")
	page := ada.get(trafficPath+"?tenant=berlin").says("mk_number00 no longer exists 1,000 0 4 %", "mk_number19",
		"All others 4,890 0 19 %", "Issued 24,700", "30k 15k").saysNot("mk_number20")
	if !strings.Contains(page.body, `<input id="tenant" name="tenant" value="berlin"`) {
		t.Error("with many tenants one cannot be typed in")
	}
}

func TestTrafficExport(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "", 1)
	h.token(clientID, secret)
	h.token(clientID, "wrong")
	h.flush()
	csv := h.as("ada").get(trafficPath + "/export?range=7d&tenant=berlin").want(200)
	lines := strings.Split(strings.TrimSpace(csv.body), "\n")
	want := "\ufefffrom,issued,refused,wrong_secret,expired,revoked,user_disabled,not_allowed,quota_exceeded,suspended"
	if len(lines) != 1+7*24 || lines[0] != want {
		t.Fatalf("%d lines, the first %q", len(lines), lines[0])
	}
	if want := "2026-03-02T09:00:00Z,1,1,1,0,0,0,0"; !strings.Contains(csv.body, want) {
		t.Errorf("no line %q in %s", want, csv.body)
	}
	if got := csv.header.Get("Content-Disposition"); got != `attachment; filename="mintkey-traffic-acme-2026-03-02.csv"` {
		t.Errorf("Content-Disposition %q", got)
	}
}

// A program fetches tokens and an agent tries a wrong secret; an admin sees both in the chart, and finds out which key it was.
func TestBrowserTraffic(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "nightly", 1)
	other, otherSecret := h.key("lisbon", "tom", "", 1)
	const issued, refused = 7, 4
	for range issued {
		h.token(clientID, secret)
	}
	for range refused {
		h.token(clientID, "wrong")
	}
	h.token(other, otherSecret)
	h.flush()
	b := newBrowser(t, h)
	b.signIn("ada@acme.example")
	b.click(`nav a[href="/console/activity"]`)
	b.click(`.views a[href="` + trafficPath + `"]`)
	b.click(`a[href="` + trafficPath + `?range=1h"]`)
	b.until(`[...document.querySelectorAll("title")].some(title => title.textContent.endsWith(": 8 issued, 4 refused"))`)

	b.do(chromedp.SetValue(chromedp.CSS("#tenant"), "berlin"))
	b.do(chromedp.Evaluate[chromedp.Void](`void document.querySelector("#tenant").dispatchEvent(new Event("change", {bubbles: true}))`))
	b.saysOnPage("By access key")
	b.until(fmt.Sprintf(`location.search.includes("tenant=berlin") && location.search.includes("range=1h") &&
		document.querySelector("tr a code").textContent === %q && document.querySelector("td.number").textContent === "7"`, clientID))
	// The bars are as high as they should be, the refused ones on top.
	b.until(`(() => {
		const of = name => [...document.querySelectorAll(".chart g rect." + name)].map(rect => rect.getBoundingClientRect());
		const [issued] = of("chart-bar"), [refused] = of("chart-refused");
		return of("chart-bar").length === 1 && Math.abs(refused.bottom - issued.top) < 1 &&
			Math.abs(issued.height / refused.height - 7 / 4) < 0.05;
	})()`)
	// Times are in the reader's zone.
	b.until(`document.querySelector("[data-zone]").textContent === Intl.DateTimeFormat().resolvedOptions().timeZone`)
	b.click(`tr a[href*="` + clientID + `"]`)
	b.saysOnPage("Wrong client secret or password")
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser says: %s", strings.Join(complaints, "; "))
	}
}
