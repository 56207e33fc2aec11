package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Revocation ends tokens before they expire: all that carry a status index, or one by its jti.
type Revocation struct {
	// ID orders revocations as they were recorded; the store sets it: see RevocationID. It is printable and has no spaces.
	ID string `json:"-"`
	// Index is the status list index of the revoked tokens; 0 if TokenID is set.
	Index uint64 `json:"index,omitempty"`
	// TokenID is the jti of the single revoked token; empty if Index is set.
	TokenID   string    `json:"jti,omitempty"`
	ClientID  string    `json:"client_id,omitempty"`
	AccountID string    `json:"account_id,omitempty"`
	At        time.Time `json:"at"`
	// Until is when the last of these tokens expires anyway. After it the store may delete the revocation.
	Until time.Time `json:"until"`
}

// Revocations is a log that every replica follows.
type Revocations interface {
	// RecordRevocations appends. It returns once every other replica can read them.
	RecordRevocations(ctx context.Context, revocations ...Revocation) error
	// Revocations lists, in the order of recording, those after the given ID; empty for the start. At most limit, which must be positive.
	// ErrPositionLost unless the very revocation with that ID is there: it was forgotten, or the history of the store went back.
	Revocations(ctx context.Context, afterID string, limit int) ([]Revocation, error)
	// ForgetRevocations deletes those whose Until is before now, except the last one recorded, so that who has read to the end finds the
	// place again.
	ForgetRevocations(ctx context.Context, now time.Time) error
}

// NewRevocationMark returns a mark that no other revocation with the same number has. After a loss a store gives out numbers a second
// time, and only the mark tells the two apart.
func NewRevocationMark() string { return rand.Text()[:16] }

// RevocationID joins the count of a revocation and its mark. One from before there were marks has none.
func RevocationID(number uint64, mark string) string {
	if mark == "" {
		return fmt.Sprintf("%016x", number)
	}
	return fmt.Sprintf("%016x-%s", number, mark)
}

// RevocationNumber is the count in an ID; 0 for what is no ID.
func RevocationNumber(id string) uint64 {
	digits, _, _ := strings.Cut(id, "-")
	number, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return 0
	}
	return number
}
