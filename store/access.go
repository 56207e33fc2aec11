package store

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// KeyRef names an access key where it is kept.
type KeyRef struct {
	TenantID string
	ClientID string
}

// KeyAccess is what is known of the uses of an access key (R7).
type KeyAccess struct {
	At time.Time `json:"at"` // of the last use
	// Address is where the last use came from; empty if that is not known.
	Address string `json:"address,omitempty"`
	// Secrets are the uses of the two newest secrets that were used, the newest first. The rest is zero.
	Secrets [2]SecretAccess `json:"secrets"`
}

// SecretAccess is the last use of a client secret, which is named by when it was issued. Both are in microseconds of Unix time.
type SecretAccess struct {
	IssuedAt int64 `json:"issued_at"`
	At       int64 `json:"at"`
}

// NewKeyAccess is one use of a key. issuedAt names the secret; it is zero if that is not known.
func NewKeyAccess(issuedAt, at time.Time, address string) KeyAccess {
	use := KeyAccess{At: at, Address: address}
	if !issuedAt.IsZero() {
		use.Secrets[0] = SecretAccess{issuedAt.UnixMicro(), at.UnixMicro()}
	}
	return use
}

// Plus merges two records of uses of a key. No time moves back.
func (a KeyAccess) Plus(more KeyAccess) KeyAccess {
	sum := a
	if more.At.After(a.At) || more.At.Equal(a.At) && a.Address == "" {
		sum = more
	}
	sum.Secrets = a.Secrets
	for _, secret := range more.Secrets {
		sum.note(secret)
	}
	return sum
}

// note adds the use of a secret. One that is older than those that are kept is left out.
func (a *KeyAccess) note(secret SecretAccess) {
	if secret == (SecretAccess{}) {
		return
	}
	for i := range a.Secrets {
		if a.Secrets[i].IssuedAt == secret.IssuedAt {
			a.Secrets[i].At = max(a.Secrets[i].At, secret.At)
			return
		}
	}
	if oldest := &a.Secrets[len(a.Secrets)-1]; secret.IssuedAt > oldest.IssuedAt {
		*oldest = secret
		slices.SortFunc(a.Secrets[:], func(x, y SecretAccess) int { return cmp.Compare(y.IssuedAt, x.IssuedAt) })
	}
}

// OfSecret is when the secret that was issued then was last used; zero for never.
func (a KeyAccess) OfSecret(issuedAt time.Time) time.Time {
	for _, secret := range a.Secrets {
		if secret.At != 0 && secret.IssuedAt == issuedAt.UnixMicro() {
			return time.UnixMicro(secret.At).UTC()
		}
	}
	return time.Time{}
}

// Since is the record as of the time of the last use. A server of before addresses were kept saves the time alone.
func (a KeyAccess) Since(at time.Time) KeyAccess {
	if at.After(a.At) {
		a.At, a.Address = at, ""
	}
	return a
}

// AccessTimes keeps when, from where and by which secret each access key was last used. It is separate from the key's record, so that it
// can never overwrite a digest (R7).
type AccessTimes interface {
	// RecordAccess merges many records with those that are saved, as KeyAccess.Plus does.
	RecordAccess(ctx context.Context, uses map[KeyRef]KeyAccess) error
	// AccessTimes returns the times of those of the keys that were used, by client ID.
	AccessTimes(ctx context.Context, tenantID string, clientIDs []string) (map[string]time.Time, error)
	// Accesses returns all that is known of those of the keys that were used, by client ID. It costs more than AccessTimes.
	Accesses(ctx context.Context, tenantID string, clientIDs []string) (map[string]KeyAccess, error)
}
