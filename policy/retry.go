package policy

import (
	"errors"
	"slices"
	"time"
)

// RetryLives is how long a create or refresh with an Idempotency-Key can be repeated (R37).
const RetryLives = Day

// MaxRetries is how many such requests a membership remembers: the last two for each of its keys. A request that was forgotten is new.
const MaxRetries = 2 * MaxKeys

// The refusals of a request with an Idempotency-Key.
var (
	// ErrRetryUsed refuses to replace a secret that was used, or is no longer the current one of its key.
	ErrRetryUsed = errors.New("the request with this Idempotency-Key was carried out, and what it made has been used, replaced or revoked " +
		"since: to make another secret send another Idempotency-Key")
	// ErrRetryDiffers refuses an Idempotency-Key that came with another path or body before.
	ErrRetryDiffers = errors.New("this Idempotency-Key came with another path or body before: choose a new one for each new request")
	// ErrRetryOvertaken refuses a request that began before a repeat of it that has been answered: its caller has given it up.
	ErrRetryOvertaken = errors.New("a later request with this Idempotency-Key has been answered: repeat the request if you did not send that")
)

// Retry identifies a request by its Idempotency-Key. The zero value is a request without one.
type Retry struct {
	Key     Digest // of the caller and the header
	Request Digest // of the path and the body
}

// IsZero says whether the request had no Idempotency-Key.
func (r Retry) IsZero() bool { return r == Retry{} }

// RetryRecord is what a membership remembers of a request with an Idempotency-Key, and of what it made.
type RetryRecord struct {
	Key      Digest    `json:"key"`
	Request  Digest    `json:"request"`
	ClientID string    `json:"client_id"`
	Secret   Digest    `json:"secret,omitzero"`  // of the secret made last; zero for a key that waits to be picked up
	At       time.Time `json:"at"`               // of the first request
	LastAt   time.Time `json:"last_at,omitzero"` // of the last repeat; zero for none
	Used     bool      `json:"used,omitempty"`   // the secret has authenticated its key

	Unknown Unknown `json:"-"`
}

func (r RetryRecord) lives(now time.Time) bool { return now.Before(r.At.Add(RetryLives)) }

func (m Membership) retryIndex(retry Retry, now time.Time) int {
	return slices.IndexFunc(m.Retries, func(r RetryRecord) bool { return r.Key == retry.Key && r.lives(now) })
}

// Repeated returns the record of the request if this is a repeat of it, whose secret can be replaced. A request without an Idempotency-Key
// repeats nothing.
func (m Membership) Repeated(retry Retry, now time.Time) (RetryRecord, bool, error) {
	i := m.retryIndex(retry, now)
	if retry.IsZero() || i < 0 {
		return RetryRecord{}, false, nil
	}
	record := m.Retries[i]
	key, err := m.Key(record.ClientID)
	switch {
	case record.Request != retry.Request:
		return RetryRecord{}, false, ErrRetryDiffers
	case err != nil || record.Used || key.currentDigest() != record.Secret:
		return RetryRecord{}, false, ErrRetryUsed
	case now.Before(later(record.At, record.LastAt)):
		return RetryRecord{}, false, ErrRetryOvertaken
	}
	return record, true, nil
}

// currentDigest is the digest of the current secret; zero for a key that has none.
func (k AccessKey) currentDigest() Digest {
	if len(k.Secrets) == 0 {
		return Digest{}
	}
	return k.Secrets[0].Digest
}

// WithRetry returns the membership that remembers the request, which has made the key's current secret.
func (m Membership) WithRetry(retry Retry, clientID string, now time.Time) (Membership, error) {
	if retry.IsZero() {
		return m, nil
	}
	key, err := m.Key(clientID)
	if err != nil {
		return m, err
	}
	kept := slices.DeleteFunc(slices.Clone(m.Retries), func(r RetryRecord) bool { return r.Key == retry.Key || !r.lives(now) })
	kept = append(kept, RetryRecord{Key: retry.Key, Request: retry.Request, ClientID: clientID, Secret: key.currentDigest(), At: now})
	m.Retries = kept[max(len(kept)-MaxRetries, 0):]
	return m, nil
}

// WithReplacedSecret returns the membership with a new secret in the place of the one that a request has made and whose answer was lost.
// That one stops at once. All else stays: when the secret was issued, and the overlap with the secret before it; how.Overlap is ignored.
// Its tokens are remembered as in WithRefreshedKey.
func (m Membership) WithReplacedSecret(retry Retry, fresh Secret, how Refresh, p ExpirationPolicy, now time.Time) (Membership, error) {
	record, repeated, err := m.Repeated(retry, now)
	switch {
	case err != nil:
		return m, err
	case !repeated || record.Secret == Digest{}:
		return m, ErrRetryUsed
	}
	i := m.index(record.ClientID)
	if m.Keys[i].Status(p, now) == StatusExpired {
		return m, ErrKeyExpired
	}
	m.Keys, m.Retries = slices.Clone(m.Keys), slices.Clone(m.Retries)
	key := &m.Keys[i]
	lost := key.Secrets[0]
	key.Replaced = key.replacedAfter([]Secret{lost}, how, now)
	key.Secrets = slices.Clone(key.Secrets)
	key.Secrets[0] = Secret{Digest: fresh.Digest, IssuedAt: lost.IssuedAt, StatusIndex: fresh.StatusIndex, StatusSince: now}
	at := &m.Retries[m.retryIndex(retry, now)]
	at.Secret, at.LastAt = fresh.Digest, now
	return m, nil
}

// Unclaimed says whether the secret has yet to be used for the first time, and a repeat of the request that made it would replace it.
func (m Membership) Unclaimed(secret Digest, now time.Time) bool {
	return slices.ContainsFunc(m.Retries, func(r RetryRecord) bool { return r.Secret == secret && !r.Used && r.lives(now) })
}

// withoutRepeats returns the membership in which no request about the key can be repeated. Whoever has the key next may use its secrets,
// which this membership does not learn, and give it back.
func (m Membership) withoutRepeats(clientID string) Membership {
	m.Retries = slices.Clone(m.Retries)
	for i := range m.Retries {
		m.Retries[i].Used = m.Retries[i].Used || m.Retries[i].ClientID == clientID
	}
	return m
}

// WithClaimed returns the membership after the key's secret was used: no repeat replaces it any more. It is ErrWrongSecret if one has.
func (m Membership) WithClaimed(clientID string, secret Digest) (Membership, error) {
	key, err := m.Key(clientID)
	if err != nil {
		return m, err
	}
	if !slices.ContainsFunc(key.Secrets, func(s Secret) bool { return s.Digest.Equal(secret) }) {
		return m, ErrWrongSecret
	}
	m.Retries = slices.Clone(m.Retries)
	for i := range m.Retries {
		if m.Retries[i].Secret == secret {
			m.Retries[i].Used = true
		}
	}
	return m, nil
}
