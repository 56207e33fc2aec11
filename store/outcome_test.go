package store_test

import (
	"testing"

	"mintkey/store"
)

// Every outcome has a word of its own for the audit trail and exports, and a text for people; only an unknown client is not counted.
func TestOutcomesHaveWords(t *testing.T) {
	words, texts := map[string]bool{}, map[string]bool{}
	all := append([]store.Outcome{store.TokenIssued, store.RefusedUnknownClient}, store.Refusals()...)
	for _, outcome := range all {
		if outcome.String() == "" || outcome.Text() == "" || words[outcome.String()] || texts[outcome.Text()] {
			t.Errorf("outcome %d: %q, %q", outcome, outcome.String(), outcome.Text())
		}
		words[outcome.String()], texts[outcome.Text()] = true, true
		if counted := outcome != store.RefusedUnknownClient; outcome.Counted() != counted {
			t.Errorf("%s: counted %t", outcome, outcome.Counted())
		}
	}
	if want := len(store.TrafficCounts{}) - 1; len(store.Refusals()) != want {
		t.Errorf("%d refusals are listed, %d counted", len(store.Refusals()), want)
	}
}
