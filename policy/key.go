package policy

import (
	"cmp"
	"slices"
	"time"
)

// MaxKeys is how many live access keys a user can hold in a tenant (R2).
const MaxKeys = 2

// MaxOverlap is how long an old secret may go on working after a refresh (R6).
const MaxOverlap = 7 * Day

// ListedAfterExpiry is how long an expired key stays listed before it is purged (R14).
const ListedAfterExpiry = 30 * Day

// The ages past which a key is marked: unused since its last access, old and stale since its secret was issued.
const (
	UnusedAfter = 90 * Day
	OldAfter    = 90 * Day
	StaleAfter  = 360 * Day
)

// AccessKey is a client ID with the digests of its secrets.
type AccessKey struct {
	ClientID  string    `json:"client_id"`
	Label     string    `json:"label,omitempty"`
	Scopes    []string  `json:"scopes"`
	CreatedAt time.Time `json:"created_at"`
	// Secrets has the current secret first. A second one is the old secret during an overlap.
	Secrets []Secret `json:"secrets"`
	// Noticed is the last notice given for this key.
	Noticed Notice `json:"noticed,omitzero"`

	// Ceiling is the authority that the key never exceeds: the owner's when the secret was handed out, cut to that of whoever else was
	// shown it (R9). Empty in records of version 1.
	Ceiling Role `json:"ceiling,omitempty"`
	// Suspended is zero while the key works (R28).
	Suspended Suspension `json:"suspended,omitzero"`
	// SuspendedAs is the role that whoever suspended the key acted in: to resume it takes as much authority. Empty for an owner who stopped
	// a key of their own, and for a key that works.
	SuspendedAs Role `json:"suspended_as,omitempty"`
	// Leaked says that the current secret was reported as leaked, so that nothing but a refresh makes the key work again (R35).
	Leaked bool `json:"leaked,omitempty"`
	// Replaced has the status indexes of secrets that the key had before, until the last token that bears one has expired (R5).
	Replaced []ReplacedIndex `json:"replaced,omitempty"`

	// The fences of the key (R33). What is zero or empty does not restrict.
	AllowedNetworks      []string  `json:"allowed_networks,omitempty"` // CIDR
	ExpiresAt            time.Time `json:"expires_at,omitzero"`
	Audiences            []string  `json:"audiences,omitempty"`
	TokenLifetimeSeconds int       `json:"token_lifetime_seconds,omitempty"`
	TokensPerMinute      int       `json:"tokens_per_minute,omitempty"`

	Unknown Unknown `json:"-"`
}

// Secret is the stored part of a client secret.
type Secret struct {
	Digest   Digest    `json:"digest"`
	IssuedAt time.Time `json:"issued_at"`
	// EndsAt is when an overlap ends; zero for the current secret.
	EndsAt time.Time `json:"ends_at,omitzero"`
	// StatusIndex is the entry in the status lists of all tokens issued for this secret; 0 is none.
	StatusIndex uint64 `json:"status_index,omitempty"`
	// StatusSince is when the secret got the index; zero when it was issued with it.
	StatusSince time.Time `json:"status_since,omitzero"`

	Unknown Unknown `json:"-"`
}

// Status says whether a key still works.
type Status string

// The statuses of an access key. A suspended key whose life ends is expired.
const (
	StatusActive    Status = "active"
	StatusSuspended Status = "suspended"
	StatusExpired   Status = "expired"
)

// Mark is a reminder of good practice: shown, never enforced.
type Mark string

// The marks of an access key.
const (
	MarkUnused Mark = "unused"
	MarkOld    Mark = "old"
	MarkStale  Mark = "stale"
)

// SecretIssuedAt is when the current secret was made: the start of the key's life.
func (k AccessKey) SecretIssuedAt() time.Time {
	if len(k.Secrets) == 0 {
		return k.CreatedAt
	}
	return k.Secrets[0].IssuedAt
}

// Expiry is when the key expires, under the policy or at its own end, whichever is earlier (R33); zero is never.
func (k AccessKey) Expiry(p ExpirationPolicy) time.Time {
	return Earlier(p.Expiry(k.SecretIssuedAt()), k.ExpiresAt)
}

// Status is the key's status at the given time.
func (k AccessKey) Status(p ExpirationPolicy, now time.Time) Status {
	return StatusAt(k.Expiry(p), k.IsSuspended(), now)
}

// StatusAt is the status at the given time of a key with this expiry.
func StatusAt(expiry time.Time, suspended bool, now time.Time) Status {
	switch {
	case Expired(expiry, now):
		return StatusExpired
	case suspended:
		return StatusSuspended
	default:
		return StatusActive
	}
}

// Purgeable says whether the key expired so long ago that it is no longer listed (R14).
func (k AccessKey) Purgeable(p ExpirationPolicy, now time.Time) bool {
	return Purgeable(k.Expiry(p), now)
}

// Purgeable says whether a key with this expiry is no longer listed (R14).
func Purgeable(expiry, now time.Time) bool {
	return !expiry.IsZero() && Expired(expiry.Add(ListedAfterExpiry), now)
}

// MatchSecret returns the secret with the digest, if it works at now. It is ErrKeyExpired or ErrKeySuspended if only that keeps it from
// working, and else ErrWrongSecret. It compares with every stored digest, each in constant time.
func (k AccessKey) MatchSecret(digest Digest, p ExpirationPolicy, now time.Time) (Secret, error) {
	match, err := Secret{}, ErrWrongSecret
	for _, secret := range k.Secrets {
		if secret.Digest.Equal(digest) && !Expired(secret.Ends(p), now) {
			match, err = secret, nil
		}
	}
	if err == nil {
		err = k.stopped(p, now)
	}
	if err != nil {
		return Secret{}, err
	}
	return match, nil
}

// Overlap returns the old secret while it works beside the current one after a refresh (R6), with the time at which it ends.
func (k AccessKey) Overlap(p ExpirationPolicy, now time.Time) (Secret, bool) {
	if len(k.Secrets) < 2 || k.Status(p, now) == StatusExpired {
		return Secret{}, false
	}
	old := k.Secrets[1]
	old.EndsAt = old.Ends(p)
	return old, !Expired(old.EndsAt, now)
}

// Ends is when a secret that a refresh has replaced stops working; zero for the current one.
func (s Secret) Ends(p ExpirationPolicy) time.Time {
	if s.EndsAt.IsZero() {
		return time.Time{}
	}
	return Earlier(s.EndsAt, p.Expiry(s.IssuedAt))
}

// SecretOf returns the secret that tokens with the status index come from, if the key still has it.
func (k AccessKey) SecretOf(statusIndex uint64) (Secret, bool) {
	i := slices.IndexFunc(k.Secrets, func(s Secret) bool { return s.StatusIndex == statusIndex })
	if i < 0 || statusIndex == 0 {
		return Secret{}, false
	}
	return k.Secrets[i], true
}

// Marks lists the reminders that apply to the key. lastAccess is zero for a key that was never used.
func (k AccessKey) Marks(lastAccess time.Time, p ExpirationPolicy, now time.Time) []Mark {
	marks := []Mark{}
	issued := k.SecretIssuedAt()
	if Unused(issued, lastAccess, now) {
		marks = append(marks, MarkUnused)
	}
	if Old(issued, p, now) {
		marks = append(marks, MarkOld)
		if now.Sub(issued) > StaleAfter {
			marks = append(marks, MarkStale)
		}
	}
	return marks
}

// Unused says whether a key whose secret was made, and which was last used, at these times is marked unused. lastAccess is zero for never:
// then a fresh secret has its time to come into use.
func Unused(secretIssued, lastAccess, now time.Time) bool {
	if lastAccess.IsZero() {
		lastAccess = secretIssued
	}
	return now.Sub(lastAccess) >= UnusedAfter
}

// TokenExpiry is when a token issued now expires: after its lifetime, but never later than its key (R13).
func TokenExpiry(now time.Time, lifetime time.Duration, keyExpiry time.Time) time.Time {
	return Earlier(now.Add(lifetime), keyExpiry)
}

// Membership is a user in a tenant, with a role and access keys (R1). It is the unit of change. A membership with an empty Role does not
// exist; a change that empties the Role removes it.
type Membership struct {
	AccountID string      `json:"account_id"`
	TenantID  string      `json:"tenant_id"`
	UserID    string      `json:"user_id"`
	Role      Role        `json:"role"`
	JoinedAt  time.Time   `json:"joined_at"`
	Keys      []AccessKey `json:"keys,omitempty"`

	// UserGeneration is the Generation of the user whom the membership was made for (R31). Empty in records of version 1.
	UserGeneration string `json:"user_generation,omitempty"`
	// StatusIndex is the entry in the status lists of the tokens that the user's password has made for this tenant, since StatusSince
	// (R27); 0 is none.
	StatusIndex uint64    `json:"status_index,omitempty"`
	StatusSince time.Time `json:"status_since,omitzero"`
	// Replaced has the entries that such tokens had before, until the last of them has expired.
	Replaced []ReplacedIndex `json:"replaced,omitempty"`
	// Retries are the requests with an Idempotency-Key that have made secrets of the keys lately (R37), the oldest first.
	Retries []RetryRecord `json:"retries,omitempty"`

	Unknown Unknown `json:"-"`
}

// Exists says whether the user is a member of the tenant.
func (m Membership) Exists() bool { return m.Role != "" }

// BelongsTo says whether the membership is that of the user, and not of an earlier one who had the same ID (R31). One without a
// generation is of version 1, and the upgrade removes those whose user is gone.
func (m Membership) BelongsTo(u User) bool {
	return m.UserID == u.ID && m.AccountID == u.AccountID && (m.UserGeneration == u.Generation || m.UserGeneration == "")
}

// Key returns the access key with the client ID, or ErrKeyNotFound.
func (m Membership) Key(clientID string) (AccessKey, error) {
	if i := m.index(clientID); i >= 0 {
		return m.Keys[i], nil
	}
	return AccessKey{}, ErrKeyNotFound
}

func (m Membership) index(clientID string) int {
	return slices.IndexFunc(m.Keys, func(k AccessKey) bool { return k.ClientID == clientID })
}

// LiveKeys are the keys that have not expired. Suspended ones are among them (R2).
func (m Membership) LiveKeys(p ExpirationPolicy, now time.Time) []AccessKey {
	var live []AccessKey
	for _, k := range m.Keys {
		if k.Status(p, now) != StatusExpired {
			live = append(live, k)
		}
	}
	return live
}

// WithRole returns the membership with the role, joined now if it did not exist.
func (m Membership) WithRole(role Role, now time.Time) (Membership, error) {
	if role != RoleTenantAdmin && role != RoleMember {
		return m, ErrInvalidRole
	}
	if !m.Exists() {
		m.JoinedAt = now
	}
	m.Role = role
	return m, nil
}

// WithKey returns the membership with one more key. More than MaxKeys live keys are a KeyLimitError (R2); expired keys do not count.
func (m Membership) WithKey(key AccessKey, p ExpirationPolicy, now time.Time) (Membership, error) {
	if !m.Exists() {
		return m, ErrNotMember
	}
	if live := m.LiveKeys(p, now); len(live) >= MaxKeys {
		limit := &KeyLimitError{}
		for _, k := range live {
			limit.ClientIDs = append(limit.ClientIDs, k.ClientID)
		}
		return m, limit
	}
	m.Keys = append(slices.Clip(m.Keys), key.told(p, now))
	return m, nil
}

// Refresh says how a key gets a new secret.
type Refresh struct {
	Overlap time.Duration // how long the old secret goes on working
	// EndTokens ends the tokens of all secrets that the key has had. Otherwise they live until they expire.
	EndTokens bool
	// Longest is the longest lifetime with which the tokens can have been made; zero: MaxTokenLifetime.
	Longest time.Duration
	// FenceUnknown says that the tokens may have been made when the key's own limit was another one, which the store has lost.
	FenceUnknown bool
	// Agreed is up to when replaced status indexes whose tokens have expired are forgotten; zero: none is.
	Agreed time.Time
}

// WithRefreshedKey returns the membership with a new secret for the key, whose life starts again now (R6). The old secret keeps working
// for the overlap, but not past its own expiry; a secret left from an earlier overlap stops at once. A suspended key stays suspended, so
// that a leaked secret can be replaced before the key works again (R28), unless nothing but the report of a leak stopped it: then it works
// again, and an overlap is ErrRefreshRequired (R35).
func (m Membership) WithRefreshedKey(clientID string, fresh Secret, how Refresh, p ExpirationPolicy, now time.Time) (Membership, error) {
	i := m.index(clientID)
	switch {
	case i < 0:
		return m, ErrKeyNotFound
	case how.Overlap < 0 || how.Overlap > MaxOverlap || how.EndTokens && how.Overlap > 0:
		return m, ErrInvalidOverlap
	case m.Keys[i].Status(p, now) == StatusExpired:
		return m, ErrKeyExpired
	case m.Keys[i].Leaked && how.Overlap > 0:
		return m, ErrRefreshRequired
	}
	fresh.IssuedAt, fresh.EndsAt = now, time.Time{}
	secrets, gone := []Secret{fresh}, m.Keys[i].Secrets
	if how.Overlap > 0 && len(gone) > 0 {
		kept := gone[0]
		kept.EndsAt = Earlier(Earlier(now.Add(how.Overlap), p.Expiry(kept.IssuedAt)), m.Keys[i].ExpiresAt)
		secrets, gone = append(secrets, kept), gone[1:]
	}
	m.Keys = slices.Clone(m.Keys)
	m.Keys[i].Secrets = secrets
	m.Keys[i].Replaced = m.Keys[i].replacedAfter(gone, how, now)
	m.Keys[i] = m.Keys[i].recovered().told(p, now)
	return m, nil
}

// WithoutOverlap returns the membership without the old secret that the key has beside its current one, or ErrNoOverlap (R6). Tokens of the
// old secret live until they expire, unless how.EndTokens ends them; how.Overlap is ignored.
func (m Membership) WithoutOverlap(clientID string, how Refresh, p ExpirationPolicy, now time.Time) (Membership, error) {
	i := m.index(clientID)
	if i < 0 {
		return m, ErrKeyNotFound
	}
	key := m.Keys[i]
	if _, ok := key.Overlap(p, now); !ok {
		return m, ErrNoOverlap
	}
	gone := key.Secrets[1:]
	if how.EndTokens {
		gone, how.EndTokens = nil, false // those of secrets before it live on
	}
	key.Replaced = key.replacedAfter(gone, how, now)
	key.Secrets = slices.Clone(key.Secrets[:1])
	m.Keys = slices.Clone(m.Keys)
	m.Keys[i] = key
	return m, nil
}

// replacedAfter returns what the key remembers once the secrets are gone (R5).
func (k AccessKey) replacedAfter(gone []Secret, how Refresh, now time.Time) []ReplacedIndex {
	if how.EndTokens {
		return nil
	}
	longest := cmp.Or(how.Longest, MaxTokenLifetime)
	if fence := time.Duration(k.TokenLifetimeSeconds) * time.Second; fence > 0 && !how.FenceUnknown {
		longest = min(longest, fence)
	}
	var more []ReplacedIndex
	for _, secret := range gone {
		more = append(more, secret.index(now.Add(longest+TokenSlack)))
	}
	all := remembered(k.Replaced, how.Agreed, more...)
	if len(all) == 0 {
		return nil
	}
	return all
}

// WithoutKey returns the membership without the key (R5).
func (m Membership) WithoutKey(clientID string) (Membership, error) {
	i := m.index(clientID)
	if i < 0 {
		return m, ErrKeyNotFound
	}
	m.Keys = slices.Delete(slices.Clone(m.Keys), i, i+1)
	return m, nil
}

// WithoutKeys returns the membership without any keys, and the keys that were removed (R8).
func (m Membership) WithoutKeys() (Membership, []AccessKey) {
	revoked := m.Keys
	m.Keys = nil
	return m, revoked
}

// Removed returns an ended membership, which is empty but for its IDs, and the keys revoked with it (R8).
func (m Membership) Removed() (Membership, []AccessKey) {
	return Membership{AccountID: m.AccountID, TenantID: m.TenantID, UserID: m.UserID}, m.Keys
}
