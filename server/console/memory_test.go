package console_test

import (
	"testing"

	"mintkey/server/console"
)

// TestPagesCostNothingUntilTheyAreRead: most servers give out tokens all their life. With templates parsed and files packed at the start,
// a console would take 40,000 allocations.
func TestPagesCostNothingUntilTheyAreRead(t *testing.T) {
	allocations := testing.AllocsPerRun(3, func() {
		if _, err := console.New(console.Options{URL: "http://127.0.0.1:8080"}); err != nil {
			t.Error(err)
		}
	})
	if allocations > 5000 {
		t.Errorf("a console that nobody looks at: %.0f allocations", allocations)
	}
	t.Logf("%.0f allocations", allocations)
}
