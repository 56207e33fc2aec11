package logs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"mintkey/policy"
)

const (
	// MaxValue is how many bytes of a text are written.
	MaxValue = 256
	// MaxErrorValue is the same at level ERROR, where the stack of a panic is worth its room.
	MaxErrorValue = 16 << 10
)

// Handler is a slog.Handler in front of another one. Its methods may be called from many goroutines.
type Handler struct {
	next   slog.Handler
	budget *budget
}

// NewHandler returns a handler that writes to next.
func NewHandler(next slog.Handler) *Handler { return &Handler{next, newBudget()} }

// Enabled implements slog.Handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler. Below level INFO nothing is sampled: whoever turns DEBUG on wants everything.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	most := MaxValue
	if r.Level >= slog.LevelError {
		most = MaxErrorValue
	}
	safe := slog.NewRecord(r.Time, r.Level, cut(r.Message, MaxValue), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		safe.AddAttrs(bounded(a, most))
		return true
	})
	if r.Level < slog.LevelInfo {
		return h.next.Handle(ctx, safe)
	}
	write, missing := h.budget.take(safe)
	for _, group := range missing {
		if err := h.next.Handle(ctx, group.record(r)); err != nil {
			return err
		}
	}
	if !write {
		return nil
	}
	return h.next.Handle(ctx, safe)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	safe := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		safe[i] = bounded(a, MaxValue)
	}
	return &Handler{h.next.WithAttrs(safe), h.budget}
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.next.WithGroup(name), h.budget}
}

// bounded returns the attribute with every text in it redacted and cut.
func bounded(a slog.Attr, most int) slog.Attr {
	if a.Equal(slog.Attr{}) { // which handlers ignore
		return a
	}
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindString:
		value = slog.StringValue(cut(value.String(), most))
	case slog.KindAny:
		value = slog.StringValue(cut(textOf(value.Any()), most))
	case slog.KindGroup:
		attrs := make([]slog.Attr, len(value.Group()))
		for i, inner := range value.Group() {
			attrs[i] = bounded(inner, most)
		}
		value = slog.GroupValue(attrs...)
	case slog.KindDuration: // which JSON would have as a number of nanoseconds
		value = slog.StringValue(value.Duration().String())
	default: // numbers and times are short
	}
	return slog.Attr{Key: a.Key, Value: value}
}

func textOf(value any) string {
	if err, ok := value.(error); ok && err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+v", value)
}

// cut redacts before it cuts: half of a secret would no longer be known for what it is.
func cut(text string, most int) string {
	text = policy.WithoutSecrets(text)
	if len(text) <= most {
		return text
	}
	text = text[:most]
	for range utf8.UTFMax - 1 { // not in the middle of a character
		if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return strings.Clone(text) + "…" // a clone, so that the whole can be freed
}
