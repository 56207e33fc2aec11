package console_test

import (
	"strings"
	"testing"
)

// A spreadsheet runs what begins like a formula, in the wide characters of East Asia too.
func TestNoFormulasInTables(t *testing.T) {
	h := newHarness(t)
	for _, label := range []string{"=1+1", "+1", "-1", "@SUM(1)", "＝1+1", "＋1", "－1", "＠SUM(1)"} {
		id, _ := h.key("berlin", "grace", label, 5)
		table := h.as("tom").get(berlinKeys + "/export").want(200).body
		if !strings.Contains(table, ",'"+label+",") {
			t.Errorf("the label %s is a formula: %s", label, table)
		}
		h.as("tom").post(berlinKeys+"/stop", form{"do": {"revoke"}, "selected": {id}, "count": {"1"}}).want(303)
	}
}
