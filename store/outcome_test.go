package store_test

import (
	"testing"

	"mintkey/store"
)

// Every outcome has a word of its own for the audit trail and exports, and a text for people; an unknown client is not counted.
func TestOutcomesHaveWords(t *testing.T) {
	words, texts := map[string]bool{}, map[string]bool{}
	all := append(store.Refusals(), store.TokenIssued, store.RefusedUnknownClient, store.RefusedTenantSuspended, store.RefusedNetwork)
	for _, outcome := range all {
		if outcome.String() == "" || outcome.Text() == "" || words[outcome.String()] || texts[outcome.Text()] {
			t.Errorf("outcome %d: %q, %q", outcome, outcome.String(), outcome.Text())
		}
		words[outcome.String()], texts[outcome.Text()] = true, true
		if counted := outcome < store.RefusedUnknownClient; outcome.Counted() != counted {
			t.Errorf("%s: counted %t", outcome, outcome.Counted())
		}
		if outcome.Counted() && outcome.CountedAs() != outcome {
			t.Errorf("%s is counted as %s", outcome, outcome.CountedAs())
		}
	}
	if got := store.RefusedTenantSuspended.CountedAs(); got != store.RefusedSuspended {
		t.Errorf("a suspended tenant is counted as %s", got)
	}
	if got := store.RefusedNetwork.CountedAs(); got != store.RefusedRequest {
		t.Errorf("a foreign network is counted as %s", got)
	}
	if want := len(store.TrafficCounts{}) - 1; len(store.Refusals()) != want {
		t.Errorf("%d refusals are listed, %d counted", len(store.Refusals()), want)
	}
}
