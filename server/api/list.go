package api

import (
	"encoding/json"
	"time"
)

// List is one page of a list. Next is the cursor of the next page, empty on the last page.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// Nullable is a member of a JSON merge patch (RFC 7396): absent, null, or a value. The zero Nullable is absent.
type Nullable[T any] struct {
	Given bool
	Value *T // nil for null
}

// IsZero reports whether the member is absent, for omitzero.
func (n Nullable[T]) IsZero() bool { return !n.Given }

// AllowsNull tells the strict JSON decoder that null is allowed here.
func (Nullable[T]) AllowsNull() bool { return true }

// MarshalJSON writes the value or null.
func (n Nullable[T]) MarshalJSON() ([]byte, error) { return json.Marshal(n.Value) }

// UnmarshalJSON reads a value or null.
func (n *Nullable[T]) UnmarshalJSON(text []byte) error {
	n.Given = true
	return json.Unmarshal(text, &n.Value)
}

// OrNull returns nil, for null, for the zero time, and any other time in UTC.
func OrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
