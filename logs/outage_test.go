package logs_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/logs"
)

// A store that is away for two and a half minutes leaves four lines, however often it is asked.
func TestOutage(t *testing.T) {
	var text bytes.Buffer
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	var outage logs.Outage
	now := time.Date(2026, time.March, 1, 3, 0, 0, 0, time.UTC)
	away := errors.New("connection refused")
	outage.Note(t.Context(), log, slog.LevelWarn, now, nil, "reading failed")
	for range 500 { // 150 s
		outage.Note(t.Context(), log, slog.LevelWarn, now, away, "reading failed")
		now = now.Add(300 * time.Millisecond)
	}
	outage.Note(t.Context(), log, slog.LevelWarn, now, nil, "reading failed")
	outage.Note(t.Context(), log, slog.LevelWarn, now, nil, "reading failed")

	want := []string{
		`level=WARN msg="reading failed" failures=1 error="connection refused"`,
		`level=WARN msg="reading failed" failures=201 error="connection refused"`,
		`level=WARN msg="reading failed" failures=401 error="connection refused"`,
		`level=INFO msg=recovered from="reading failed" failures=500 after=2m30s`,
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(text.String()), "\n")); diff != "" {
		t.Error(diff)
	}
	outage.Note(t.Context(), log, slog.LevelWarn, now, away, "reading failed")
	if got := text.String(); strings.Count(got, "failures=1 ") != 2 {
		t.Errorf("the next outage is not logged at once:\n%s", got)
	}
}
