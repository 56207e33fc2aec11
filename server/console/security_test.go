package console_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mintkey/policy"
)

const securityPath = "/console/security"

func TestPolicyPreviewAndChange(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	young, _ := h.key("berlin", "grace", "", 10)
	old, _ := h.key("lisbon", "grace", "", 80)
	ada.get(securityPath).want(200).says("On: access keys expire 90 days", "2 keys expire", "March 2026: 1 key", "May 2026: 1 key",
		"Change something to see whom it hits")
	ada.get(securityPath+"?enabled=on&period_days=180").says("This changes the expiry of 2 keys", "All of them live longer.",
		young, old, "12 Mar 2026", "10 Jun 2026")
	all := ada.get(securityPath + "/preview/export?enabled=on&period_days=180").want(200)
	all.has("client_id,user_id,user_name,tenant_id,tenant_name,expires_now,would_expire",
		old+",grace,Grace Hopper,lisbon,Lisbon,2026-03-12T09:00:00Z,2026-06-10T09:00:00Z", young+",grace,Grace Hopper,berlin,Berlin,")
	ada.get(securityPath + "/preview/export?enabled=on&period_days=100").want(422)
	ada.get(securityPath).says("On: access keys expire 90 days") // a preview saves nothing

	ada.post(securityPath, yes(form{"enabled": {"on"}, "period_days": {"180"}})).leadsTo(securityPath)
	ada.get(securityPath).says("Saved. Access keys expire after 180 days.")
	ada.post(securityPath, form{"enabled": {"on"}, "period_days": {"100"}}).want(422).says("Choose 90 to 360 days in steps of 30.")
	ada.get(securityPath + "?enabled=on&period_days=nonsense").want(200)
	for _, period := range []string{"0", "", "nonsense", "null", "-90", "180.0"} {
		ada.post(securityPath, form{"enabled": {"on"}, "period_days": {period}}).want(422).says("Choose 90 to 360 days in steps of 30.")
	}
}

func TestTurningThePolicyOffNeedsAcknowledgement(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	clientID, _ := h.key("berlin", "grace", "", 10)
	off := form{"period_days": {"90"}}
	ada.post(securityPath, off).want(409).says("Confirm that you accept the risk.", "I understand the risk", clientID, "Never")
	ada.get(berlinKeys).says("Access keys expire after 90 days.")
	off.Set("acknowledge_risk", "on")
	ada.post(securityPath, yes(off)).leadsTo(securityPath)
	ada.get(berlinKeys).says("Access keys do not expire.", "Never")
	if account, err := h.store.Account(t.Context(), "acme"); err != nil || account.Expiration.InForce(h.now()).Enabled {
		t.Errorf("the policy is still on (%v)", err)
	}
	h.advance(policy.Day / 24)
	ada = h.as("ada")
	ada.get(securityPath + "?enabled=on&period_days=90").says("All of them live shorter. None expires at once")
}

// What expires within 12 months is in the chart and in the list alike, be it on the last of their days.
func TestChartHasWhatTheListHas(t *testing.T) {
	h := newHarness(t)
	h.must(h.store.UpdateAccount(t.Context(), "acme", func(a policy.Account) (policy.Account, []policy.Event, error) {
		a.Expiration = policy.ExpirationPolicy{{At: start.Add(-400 * policy.Day), Enabled: true, PeriodDays: policy.MaxPeriodDays}}
		return a, nil, nil
	}))
	h.advance(20 * policy.Day) // 22 March: the key expires on 17 March of the next year
	_, _ = h.key("berlin", "grace", "nightly build", 0)
	h.as("ada").get("/console/security").says("Next to expire", "17 Mar 2027, 09:00 UTC", "1 key expires unless it is refreshed before.").
		saysNot("No access key expires").has("March 2027: 1 key")
}

// However many access keys a preview lists, Save stays in view, and the rest is a click away.
func TestPreviewLeavesSaveInView(t *testing.T) {
	h := newHarness(t)
	for _, user := range []string{"ada", "tom", "grace", "linus"} {
		_, _ = h.key("berlin", user, "first", 10)
		_, _ = h.key("berlin", user, "second", 11)
	}
	b := newBrowser(t, h)
	b.look(1360, 700, "light")
	b.signIn(emailOf("ada"))
	b.open(securityPath)
	b.do(chromedp.SetValue(chromedp.CSS("#period_days"), "180"))
	run(b, chromedp.Evaluate[bool](`document.getElementById("period_days").dispatchEvent(new Event("change", {bubbles: true}))`))
	b.saysOnPage("This changes the expiry of 8 keys")
	const end = `document.querySelector(".policy .primary").getBoundingClientRect().bottom`
	if bottom := run(b, chromedp.Evaluate[float64](end)); bottom > 700 {
		t.Errorf("Save ends at %v px of 700", bottom)
	}
	b.click("#preview summary")
	b.see("#preview table")
}

// A distance is in days, as periods are, up to a year.
func TestDistancesInDaysBelowAYear(t *testing.T) {
	h := newHarness(t)
	h.must(h.store.UpdateAccount(t.Context(), "acme", func(a policy.Account) (policy.Account, []policy.Event, error) {
		a.Expiration = policy.ExpirationPolicy{{At: start.Add(-400 * policy.Day), Enabled: true, PeriodDays: 180}}
		return a, nil, nil
	}))
	_, _ = h.key("berlin", "grace", "", 2)
	h.as("ada").get(securityPath).says("in 178 days").saysNot("in 5 months")
}

// What has 90 days has them a second later too: ages and times that are left are rounded to the nearest.
func TestTimesAreRoundedAlike(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "grace", "", 0)
	passed := time.Duration(0)
	for _, want := range []struct {
		after     time.Duration
		age, left string
	}{
		{0, "1 second old", "in 90 days"},
		{time.Second, "1 second old", "in 90 days"},
		{89 * time.Second, "1 minute old", "in 90 days"},
		{90 * time.Second, "2 minutes old", "in 90 days"},
		{12 * time.Hour, "12 hours old", "in 90 days"},
		{12*time.Hour + time.Second, "12 hours old", "in 89 days"},
		{47*time.Hour + 29*time.Minute, "47 hours old", "in 88 days"},
		{47*time.Hour + 30*time.Minute, "2 days old", "in 88 days"},
		{60 * time.Hour, "3 days old", "in 88 days"},
	} {
		h.advance(want.after - passed)
		passed = want.after
		h.as("ada").get(berlinKeys+"/"+clientID).want(200).says(want.age, want.left)
	}
}
