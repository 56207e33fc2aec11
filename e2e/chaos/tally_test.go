package chaos_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tally is what a row counts.
type tally struct {
	requests, unavailable            atomic.Int64
	wrong, lost, resurrected, missed atomic.Int64
	recovery                         time.Duration // neverRecovered for never

	mu       sync.Mutex
	examples map[*atomic.Int64][]string
}

// neverRecovered stands for a row that was given up waiting for.
const neverRecovered = time.Duration(-1)

const examplesKept = 5

// note counts one fault, and keeps the first few in words.
func (t *tally) note(counter *atomic.Int64, format string, args ...any) {
	counter.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.examples == nil {
		t.examples = map[*atomic.Int64][]string{}
	}
	if len(t.examples[counter]) < examplesKept {
		t.examples[counter] = append(t.examples[counter], fmt.Sprintf(format, args...))
	}
}

// report fails the test for everything that must be zero and is not.
func (t *tally) report(test *testing.T) {
	test.Helper()
	for _, column := range []struct {
		name  string
		count *atomic.Int64
	}{
		{"wrong answers", &t.wrong},
		{"acknowledged changes lost", &t.lost},
		{"resurrected keys", &t.resurrected},
		{"revocations that a gateway missed", &t.missed},
	} {
		if count := column.count.Load(); count > 0 {
			test.Errorf("%d %s, such as", count, column.name)
			for _, example := range t.examples[column.count] {
				test.Logf("    %s", example)
			}
		}
	}
	if t.recovery == neverRecovered {
		test.Errorf("not recovered within %s", recoveryLimit)
	}
}
