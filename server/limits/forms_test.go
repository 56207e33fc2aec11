package limits_test

import (
	"testing"
	"time"

	"mintkey/server/limits"
)

// A form that is opened is kept for 12 hours, and whoever goes on opening them has no more than twice the budget there.
func TestFormsOfHalfADay(t *testing.T) {
	b := newBench(t)
	opened := 0
	for range 12 * 60 {
		for {
			if _, err := b.Reserve(t.Context(), limits.Form("acme", "ada")); err != nil {
				break
			}
			opened++
		}
		b.at = b.at.Add(time.Minute)
	}
	if opened < 600 || opened > 1_200 {
		t.Errorf("%d forms were opened, want 600 to 1200", opened)
	}
}
