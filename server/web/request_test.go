package web_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"mintkey/server/web"
)

// A request without an instant is refused: in the year 1, no access key would have expired.
func TestAboutNeedsAnInstant(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if _, err := web.About(r.Context()); !errors.Is(err, web.ErrNoInfo) {
		t.Errorf("without info: %v", err)
	}
	if _, err := web.About(&web.Context{Context: r.Context(), Info: web.Info{ID: "1"}}); !errors.Is(err, web.ErrNoInfo) {
		t.Errorf("without an instant: %v", err)
	}
	ctx := &web.Context{Context: r.Context(), Info: web.Info{ID: "1", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	inner := context.WithValue(ctx, http.ServerContextKey, 1)
	if got, err := web.About(inner); err != nil || got != &ctx.Info {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := web.RequestOf(r.WithContext(inner)); err != nil || got.Info != &ctx.Info || got.Context() != inner {
		t.Errorf("got %v, %v", got, err)
	}
	w := httptest.NewRecorder()
	web.NewRenderer("https://mintkey.example", slog.New(slog.DiscardHandler)).Problem(w, r, web.ErrNoInfo)
	if w.Code != 500 {
		t.Errorf("rendered as %d", w.Code)
	}
}

type later struct{ error }

func (later) RetryAfter() time.Duration { return 1500 * time.Millisecond }
func (l later) Unwrap() error           { return l.error }

// Whichever package an error comes from, its wait reaches the caller, rounded up.
func TestRetryAfter(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	web.NewRenderer("https://mintkey.example", slog.New(slog.DiscardHandler)).OAuth(w, r, later{web.ErrTooManyRequests})
	if got := w.Header().Get("Retry-After"); w.Code != 429 || got != "2" {
		t.Errorf("got %d, Retry-After %q", w.Code, got)
	}
}
