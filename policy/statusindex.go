package policy

import (
	"slices"
	"time"
)

// MaxTokenLifetime is the longest that tokens can be set to live.
const MaxTokenLifetime = Day

// TokenSlack is how long a server that has not seen a change yet may go on issuing tokens by the record from before.
const TokenSlack = time.Minute

// MaxReplaced is how many status indexes of replaced secrets a key remembers. Beyond it the tokens of the oldest end.
const MaxReplaced = 100

// ReplacedIndex is a status index that new tokens do not get any more. Until is when the last token that bears it has expired.
type ReplacedIndex struct {
	StatusIndex uint64    `json:"status_index,omitempty"` // 0 for tokens without one
	Since       time.Time `json:"since"`                  // when the first token can have got it
	Until       time.Time `json:"until"`
}

// IndexRenewal gives a secret or a password a new status index in the place of one that has ended.
type IndexRenewal struct {
	Index uint64
	Since time.Time
	Until time.Time // when the last token with the index from before has expired
	// Agreed is up to when replaced indexes whose tokens have expired are forgotten; zero: none is.
	Agreed time.Time
}

// Renewal is the renewal at the given instant for the subject: its index counts as alive even if what ended the last one was this very
// instant. longest is the longest lifetime of tokens.
func (s Subject) Renewal(index uint64, longest time.Duration, now time.Time) IndexRenewal {
	since := now
	if ended := later(s.EndedBefore(), s.User.PasswordChangedAt); !since.After(ended) {
		since = ended.Add(1)
	}
	return IndexRenewal{Index: index, Since: since, Until: now.Add(longest + TokenSlack)}
}

// TokenFacts is what is judged of a token besides its signature, its times and its audience.
type TokenFacts struct {
	ClientID     string
	FromPassword bool
	StatusIndex  uint64    // 0 for none
	IssuedAt     time.Time // a whole second
}

// EndedBefore is the instant up to which all that was issued or signed in for the subject is dead (R8); zero for none.
func (s Subject) EndedBefore() time.Time { return later(s.User.EndedBefore, s.Tenant.EndedBefore) }

// TokenLives says whether what a token was issued for still stands (R5, R8, R27): its status index is alive in the record that it
// came from. A token without an index is judged by when it was issued.
func (s Subject) TokenLives(t TokenFacts, now time.Time) bool {
	m := s.Membership
	if s.Authority() == AuthorityNone || m.UserGeneration != "" && m.UserGeneration != s.User.Generation {
		return false
	}
	if t.FromPassword {
		return s.passwordTokenLives(t)
	}
	key, err := m.Key(t.ClientID)
	if err != nil || key.Status(s.Account.Expiration, now) != StatusActive {
		return false
	}
	return slices.ContainsFunc(key.indexes(), func(i ReplacedIndex) bool {
		if t.StatusIndex == 0 {
			return i.StatusIndex == 0 && after(t.IssuedAt, s.EndedBefore())
		}
		return i.StatusIndex == t.StatusIndex && after(i.Since, s.EndedBefore())
	})
}

func (s Subject) passwordTokenLives(t TokenFacts) bool {
	switch {
	case !s.Tenant.Release.AllowsPassword() || s.User.PasswordHash == "":
		return false
	case t.StatusIndex != 0:
		return t.StatusIndex == s.Membership.StatusIndex && s.PasswordIndexLives()
	}
	made := later(s.User.CreatedAt, s.Membership.JoinedAt).Truncate(time.Second)
	return !t.IssuedAt.Before(made) && after(t.IssuedAt, later(s.EndedBefore(), s.User.PasswordChangedAt))
}

// SecretIndexLives says whether new tokens of the secret can have its status index.
func (s Subject) SecretIndexLives(secret Secret) bool { return after(secret.since(), s.EndedBefore()) }

// PasswordIndexLives says whether new tokens from the password can have the membership's status index.
func (s Subject) PasswordIndexLives() bool {
	return s.Membership.StatusIndex != 0 && after(s.Membership.StatusSince, later(s.EndedBefore(), s.User.PasswordChangedAt))
}

// after says whether something from the instant has outlived the end; a zero end is none.
func after(instant, end time.Time) bool { return end.IsZero() || instant.After(end) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// since is when the first token can have got the secret's status index.
func (s Secret) since() time.Time {
	if s.StatusSince.IsZero() {
		return s.IssuedAt
	}
	return s.StatusSince
}

func (s Secret) index(until time.Time) ReplacedIndex {
	return ReplacedIndex{StatusIndex: s.StatusIndex, Since: s.since(), Until: until}
}

// indexes are all status indexes that tokens of the key can bear, of present secrets and of replaced ones.
func (k AccessKey) indexes() []ReplacedIndex {
	var all []ReplacedIndex
	for _, secret := range k.Secrets {
		all = append(all, secret.index(time.Time{}))
	}
	return append(all, k.Replaced...)
}

// passwordIndexes are all status indexes that tokens from the password can bear in this tenant.
func (m Membership) passwordIndexes() []ReplacedIndex {
	return append([]ReplacedIndex{{StatusIndex: m.StatusIndex, Since: m.StatusSince}}, m.Replaced...)
}

// LatestIndex is when the membership got the newest status index that its tokens can bear, by the clock of the server that gave it; zero
// for none.
func (m Membership) LatestIndex() time.Time {
	var latest time.Time
	for _, key := range m.Keys {
		for _, i := range key.indexes() {
			latest = later(latest, i.Since)
		}
	}
	for _, i := range m.passwordIndexes() {
		latest = later(latest, i.Since)
	}
	return latest
}

// remembered returns the replaced indexes with more of them, without those whose last token has expired by the time that was agreed: by a
// clock that is ahead for a moment living tokens would end for good. Of too many the oldest go.
func remembered(replaced []ReplacedIndex, agreed time.Time, more ...ReplacedIndex) []ReplacedIndex {
	kept := slices.DeleteFunc(slices.Clone(replaced), func(i ReplacedIndex) bool { return i.Until.Before(agreed) })
	kept = append(kept, more...)
	return kept[max(len(kept)-MaxReplaced, 0):]
}

// WithKeyIndex returns the membership with a new status index for the key's secret of the digest. It is ErrWrongSecret if the key has no
// such secret, and ErrKeySuspended for a suspended key, which gets its new ones as it is resumed.
func (m Membership) WithKeyIndex(clientID string, digest Digest, fresh IndexRenewal) (Membership, error) {
	i := m.index(clientID)
	if i < 0 {
		return m, ErrKeyNotFound
	}
	if m.Keys[i].IsSuspended() {
		return m, ErrKeySuspended
	}
	at := slices.IndexFunc(m.Keys[i].Secrets, func(s Secret) bool { return s.Digest.Equal(digest) })
	if at < 0 {
		return m, ErrWrongSecret
	}
	m.Keys = slices.Clone(m.Keys)
	key := &m.Keys[i]
	key.Secrets = slices.Clone(key.Secrets)
	key.Replaced = remembered(key.Replaced, fresh.Agreed, key.Secrets[at].index(fresh.Until))
	key.Secrets[at].StatusIndex, key.Secrets[at].StatusSince = fresh.Index, fresh.Since
	return m, nil
}

// WithPasswordIndex returns the membership with a new status index for tokens from the user's password (R27).
func (m Membership) WithPasswordIndex(fresh IndexRenewal) (Membership, error) {
	if !m.Exists() {
		return m, ErrNotMember
	}
	var old []ReplacedIndex
	if m.StatusIndex != 0 {
		old = append(old, ReplacedIndex{StatusIndex: m.StatusIndex, Since: m.StatusSince, Until: fresh.Until})
	}
	m.Replaced = remembered(m.Replaced, fresh.Agreed, old...)
	m.StatusIndex, m.StatusSince = fresh.Index, fresh.Since
	return m, nil
}
