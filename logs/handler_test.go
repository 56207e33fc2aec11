package logs_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mintkey/logs"
	"mintkey/policy"
)

// at is a log whose records come at an instant that the test chooses.
type at struct {
	handler *logs.Handler
	out     bytes.Buffer
	now     time.Time
}

func newLog() *at {
	l := &at{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	l.handler = logs.NewHandler(slog.NewJSONHandler(&l.out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return l
}

func (l *at) write(t *testing.T, level slog.Level, message string, attrs ...slog.Attr) {
	t.Helper()
	r := slog.NewRecord(l.now, level, message, 0)
	r.AddAttrs(attrs...)
	if err := l.handler.Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

type wordy struct{ Text string }

func (w wordy) Error() string { return w.Text }

func TestLongValuesAreCut(t *testing.T) {
	long := strings.Repeat("é", 30_000)
	for name, a := range map[string]slog.Attr{
		"string": slog.String("x", long), "error": slog.Any("x", errors.New(long)), "struct error": slog.Any("x", wordy{long}),
		"any": slog.Any("x", []string{long}), "group": slog.Group("x", "y", long), "bytes": slog.Any("x", []byte(long)),
	} {
		l := newLog()
		l.write(t, slog.LevelInfo, "it failed", a)
		if l.out.Len() > 4*logs.MaxValue || !utf8.Valid(l.out.Bytes()) || strings.Contains(l.out.String(), `\ufffd`) {
			t.Errorf("%s wrote %d bytes: %.400s", name, l.out.Len(), l.out.String())
		}
	}
	l := newLog()
	l.write(t, slog.LevelInfo, long)
	slog.New(l.handler).With("a", long).WithGroup("g").Info("it failed", "b", long)
	if l.out.Len() > 10*logs.MaxValue {
		t.Errorf("wrote %d bytes", l.out.Len())
	}
}

func TestSecretsAndTokensAreRedacted(t *testing.T) {
	secret := policy.NewClientSecret([32]byte{1}).Reveal()
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2ln"
	l := newLog()
	// The cut goes through the secret, which would no longer be known for one.
	l.write(t, slog.LevelWarn, "it failed "+token, slog.Any("error", fmt.Errorf("%s%s", strings.Repeat("x", logs.MaxValue-20), secret)),
		slog.String("path", "/x/"+token))
	if got := l.out.String(); strings.Contains(got, secret[:12]) || strings.Contains(got, "eyJ") || strings.Count(got, "[redacted]") != 3 {
		t.Errorf("wrote %s", got)
	}
}

func TestFloodIsSampled(t *testing.T) {
	l := newLog()
	for i := range 50_000 {
		l.write(t, slog.LevelInfo, "request", slog.Int("status", 401), slog.String("path", fmt.Sprintf("/%d\x00\x1b", i)))
		l.write(t, slog.LevelWarn, fmt.Sprintf("message %d", i))
	}
	flood := l.out.Len()
	if flood < 100_000 || flood > 1_000_000 {
		t.Errorf("a flood wrote %d bytes", flood)
	}
	// It drowns neither other lines, nor requests that did something.
	l.write(t, slog.LevelInfo, "request", slog.Int("status", 201), slog.String("path", "/admin/v1/accounts"))
	l.write(t, slog.LevelError, "request failed")
	if got := l.out.String()[flood:]; strings.Count(got, "\n") != 2 {
		t.Errorf("wrote %s", got)
	}
	// A minute later the log says what it left out, and goes on.
	l.now = l.now.Add(time.Minute)
	end := l.out.Len()
	l.write(t, slog.LevelInfo, "request", slog.Int("status", 401))
	got := l.out.String()[end:]
	for _, want := range []string{`"msg":"log lines suppressed","message":"request","suppressed":49`, `"status":"4xx"`, `"msg":"request"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestDebugIsNotSampled(t *testing.T) {
	l := newLog()
	for range 5_000 {
		l.write(t, slog.LevelDebug, "request", slog.Int("status", 200))
	}
	if got := strings.Count(l.out.String(), "\n"); got != 5_000 {
		t.Errorf("wrote %d lines", got)
	}
}
