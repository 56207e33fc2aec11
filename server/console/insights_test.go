package console_test

import (
	"fmt"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

const insightsPath = "/console/activity/insights"

// What the traffic of the account says stands there in words: a day unlike its like, keys that fail with the reason, passwords by week.
func TestInsights(t *testing.T) {
	onEachStore(t, testInsights)
}

func testInsights(t *testing.T, h *harness) {
	h.as("ada").get(insightsPath).want(200).says("No tokens were asked for in the last 8 weeks.", "None was refused.", "Nobody did.")
	failing, _ := h.key("berlin", "grace", "nightly build", 5)
	busy, _ := h.key("lisbon", "grace", "", 5)
	counts := map[store.TrafficKey]store.TrafficCounts{}
	add := func(account, tenant, clientID string, ago time.Duration, outcome store.Outcome, n int64) {
		key := store.TrafficKey{
			TrafficSource: store.TrafficSource{AccountID: account, TenantID: tenant, ClientID: clientID}, Minute: h.now().Add(-ago).Unix() / 60,
		}
		some := counts[key]
		some[outcome] += n
		counts[key] = some
	}
	for week := range 5 { // Monday, 2 March is like the Mondays before in Lisbon, and three times as busy in Berlin
		n := int64(100)
		switch week {
		case 0:
			n = 300
		case 3:
			n = 5000 // a median does not mind
		}
		add("acme", "berlin", failing, time.Duration(week)*7*policy.Day, store.TokenIssued, n)
		add("acme", "lisbon", busy, time.Duration(week)*7*policy.Day, store.TokenIssued, 70)
	}
	add("acme", "berlin", failing, 2*policy.Day, store.RefusedWrongSecret, 41)
	add("acme", "berlin", failing, 2*policy.Day, store.RefusedExpired, 2)
	add("acme", "berlin", "mk_ThisOneIsGoneByNow000", 3*policy.Day, store.RefusedRevoked, 7)
	add("acme", "lisbon", "mk_SeldomAndAlwaysWrong0", 2*policy.Day, store.RefusedWrongSecret, 3)
	add("acme", "lisbon", busy, 9*policy.Day, store.RefusedWrongSecret, 9) // more than a week ago
	add("acme", "lisbon", store.TrafficPasswords, 8*policy.Day, store.TokenIssued, 12)
	for i := range 60 { // busier than the keys that fail
		add("acme", "lisbon", fmt.Sprintf("mk_busy%016d", i), 2*policy.Day, store.TokenIssued, 1000)
	}
	add("rival", "rome", "mk_ofSomebodyElse00000000", time.Hour, store.RefusedWrongSecret, 99)
	h.must(h.store.RecordTraffic(t.Context(), counts))

	ada := h.as("ada")
	ada.get(insightsPath).want(200).
		says("Berlin 300 100 Unusual: already 3 times as much as on a whole Monday.", "Lisbon 70 70 As usual so far.",
			failing+" nightly build · Grace Hopper Berlin "+store.RefusedWrongSecret.Text()+" 43 300",
			"mk_ThisOneIsGoneByNow000 no longer exists Berlin", "mk_SeldomAndAlwaysWrong0 no longer exists Lisbon",
			"Lisbon 0 0 0 0 0 0 12 0", "Week from 17 February: 12 tokens").
		has(`href="`+berlinKeys+"/"+failing+`"`).
		saysNot("mk_ofSomebodyElse00000000", "Rome", busy)
	h.as("tom").get(insightsPath).want(403)
	h.as("rita").get(insightsPath).says("mk_ofSomebodyElse00000000", "Unusual: there is none on a Monday otherwise.").saysNot("Berlin")
}
