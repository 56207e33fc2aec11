package ephemeral

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"mintkey/store"
)

// Expiring is a record that says when it ends.
type Expiring interface {
	ExpiresAt() time.Time
}

// Links keeps the records behind random codes: of links that are mailed, or of forms that count once. A record is kept under the digest
// of its code, so that the link can't be made from what is in the store.
type Links[T Expiring] struct {
	Store  store.Ephemera
	Prefix string // as in Records
}

func (l Links[T]) records() Records[T] { return Records[T](l) }

// NewCode makes a code of 130 random bits, in base32.
func NewCode() string { return rand.Text() }

// Digest is stored in place of a code or another secret text: SHA-256 in hexadecimal digits.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Put keeps the record behind the code with the digest.
func (l Links[T]) Put(ctx context.Context, digest string, record T) error {
	return l.records().Put(ctx, digest, record, record.ExpiresAt())
}

// Get returns the record and leaves it. It returns store.ErrNotFound if there is none or if it has expired at now.
func (l Links[T]) Get(ctx context.Context, digest string, now time.Time) (T, error) {
	record, err := l.records().Get(ctx, digest)
	return unexpired(record, err, now)
}

// Take is Get that also removes the record: of many callers one gets it.
func (l Links[T]) Take(ctx context.Context, digest string, now time.Time) (T, error) {
	record, err := l.records().Take(ctx, digest)
	return unexpired(record, err, now)
}

// Delete removes the record. One that is gone already is no error.
func (l Links[T]) Delete(ctx context.Context, digest string) error {
	return l.records().Delete(ctx, digest)
}

func unexpired[T Expiring](record T, err error, now time.Time) (T, error) {
	if err == nil && !now.Before(record.ExpiresAt()) {
		err = store.ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return record, nil
}
