package chaos_test

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

const (
	warmUp = 3 * time.Second // of load before the fault
	after  = 4 * time.Second // of load when all works again
)

// Every fault of the matrix, under load: no wrong answer, nothing acknowledged is lost, nothing revoked comes back, no gateway misses a
// revocation, and everything works again. With -full, each row has the machine for itself, for the sake of its times.
func TestMatrix(t *testing.T) {
	lines := map[string]string{}
	var mu sync.Mutex
	run := func(t *testing.T, row row) {
		if !*full {
			t.Parallel()
		}
		r := newRun(t, row)
		r.begin()
		time.Sleep(warmUp)
		row.fault(r)
		if r.from.IsZero() {
			r.from = time.Now()
		}
		r.awaitRecovery(r.from)
		time.Sleep(after)
		r.finish()
		r.judge()
		r.report(t)
		line := r.line()
		t.Logf("%s (%d without a decision)", line, r.unavailable.Load())
		mu.Lock()
		defer mu.Unlock()
		lines[row.name] = line + "\n"
	}
	t.Run("rows", func(t *testing.T) {
		for _, row := range matrix() {
			if row.quick || *full {
				t.Run(row.name, func(t *testing.T) { run(t, row) })
			}
		}
	})
	text := tableHead
	for _, row := range matrix() {
		text += lines[row.name]
	}
	t.Logf("\n%s", text)
	if *table != "" {
		if err := os.WriteFile(*table, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func newRun(t *testing.T, row row) *run {
	t.Helper()
	r := &run{
		t: t, tally: new(tally), row: row, load: row.load, model: new(model), mail: startMail(t), indexes: map[string]string{},
	}
	settings := r.mail.settings()
	if row.settings != nil {
		settings = append(settings, row.settings(r)...)
	}
	r.deployment = deploy(t, row.ground(t), row.servers, settings...)
	return r
}

const tableHead = `| fault | load | requests | wrong answers | changes lost | resurrected keys | revocations missed | recovery |
| --- | --- | --- | --- | --- | --- | --- | --- |
`

// line is the row as Markdown.
func (r *run) line() string {
	recovery := fmt.Sprintf("%.2f s", r.recovery.Seconds())
	if r.recovery == neverRecovered {
		recovery = "never"
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %s |", r.row.name, r.load, r.requests.Load(), r.wrong.Load(), r.lost.Load(),
		r.resurrected.Load(), r.missed.Load(), recovery)
}
