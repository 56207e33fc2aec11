package logs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/logs"
)

// outageLog is a log whose lines have no time.
type outageLog struct{ text bytes.Buffer }

func (o *outageLog) logger() *slog.Logger {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(slog.NewTextHandler(&o.text, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
}

func (o *outageLog) want(t *testing.T, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(lines, strings.Split(strings.TrimSpace(o.text.String()), "\n")); diff != "" {
		t.Error(diff)
	}
	o.text.Reset()
}

// A task that fails for two and a half minutes leaves four lines, however often it is tried.
func TestOutage(t *testing.T) {
	var out outageLog
	log, outages := out.logger(), logs.NewOutages()
	now := time.Date(2026, time.March, 1, 3, 0, 0, 0, time.UTC)
	note := func(err error, task string) { outages.Note(t.Context(), log, slog.LevelWarn, now, err, task) }
	broken := errors.New("no such document")
	note(nil, "reading failed")
	for range 500 { // 150 s
		note(broken, "reading failed")
		note(nil, "writing failed")
		now = now.Add(300 * time.Millisecond)
	}
	note(nil, "reading failed")
	note(nil, "reading failed")
	note(broken, "reading failed")
	note(broken, "writing failed")
	out.want(t,
		`level=WARN msg="reading failed" failures=1 error="no such document"`,
		`level=WARN msg="reading failed" failures=201 error="no such document"`,
		`level=WARN msg="reading failed" failures=401 error="no such document"`,
		`level=INFO msg=recovered from="reading failed" failures=500 after=2m30s`,
		`level=WARN msg="reading failed" failures=1 error="no such document"`,
		`level=WARN msg="writing failed" failures=1 error="no such document"`,
	)
}

// What every task meets is one outage, whichever of them meets it first and last. A task of which nobody knows whether it would work now,
// because it runs seldom, does not keep the outage on.
func TestOutageOverAllTasks(t *testing.T) {
	var out outageLog
	errAway := errors.New("the store is away")
	errFull := fmt.Errorf("%w for changes", errAway)
	outages := logs.NewOutages(logs.Shared{Err: errFull, Message: "store full"}, logs.Shared{Err: errAway, Message: "store away"})
	log, now := out.logger(), time.Date(2026, time.March, 1, 3, 0, 0, 0, time.UTC)
	note := func(err error, tasks ...string) {
		for _, task := range tasks {
			outages.Note(t.Context(), log, slog.LevelWarn, now, err, task+" failed; will retry")
		}
	}
	note(errAway, "maintenance")
	for range 62 {
		note(errAway, "reading", "writing", "delivery")
		now = now.Add(time.Second)
	}
	note(nil, "reading")
	note(errFull, "writing")
	note(errors.New("mail refused"), "delivery")
	note(nil, "reading", "maintenance")
	now = now.Add(time.Second)
	note(nil, "reading", "writing", "delivery")
	out.want(t,
		`level=ERROR msg="store away" tasks=maintenance failures=1 error="the store is away"`,
		`level=ERROR msg="store away" tasks="delivery, maintenance, reading, writing" failures=182 error="the store is away"`,
		`level=ERROR msg="store full" tasks=writing failures=1 error="the store is away for changes"`,
		`level=INFO msg=recovered from="store away" failures=187 after=1m2s`,
		`level=WARN msg="delivery failed; will retry" failures=1 error="mail refused"`,
		`level=INFO msg=recovered from="store full" failures=1 after=1s`,
		`level=INFO msg=recovered from="delivery failed; will retry" failures=1 after=1s`,
	)
}

// A failure that is logged otherwise is no outage; one that began before it was known goes on.
func TestExplainedFailureIsNoOutage(t *testing.T) {
	var out outageLog
	errAway := errors.New("the store is away")
	outages := logs.NewOutages(logs.Shared{Err: errAway, Message: "store away"})
	known, asked := true, 0
	outages.Ask(func(context.Context) bool { asked++; return known })
	log, now := out.logger(), time.Date(2026, time.March, 1, 3, 0, 0, 0, time.UTC)
	note := func(err error) { outages.Note(t.Context(), log, slog.LevelWarn, now, err, "reading failed") }
	note(errAway)
	note(nil)
	known = false
	note(errAway)
	known = true
	note(errAway)
	note(nil)
	out.want(t,
		`level=ERROR msg="store away" tasks=reading failures=1 error="the store is away"`,
		`level=INFO msg=recovered from="store away" failures=2 after=0s`,
	)
	if asked != 2 {
		t.Errorf("asked %d times, want once for each failure outside an outage", asked)
	}
}
