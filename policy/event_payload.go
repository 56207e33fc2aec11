package policy

import (
	"slices"
	"time"
)

// Payload carries what a change means for the parts of the server that act on it: gateways, mail, webhooks. It is stored with the event and
// never shown. The zero value asks for nothing.
type Payload struct {
	// Revoked names the tokens that the change ended.
	Revoked *RevokedTokens `json:"revoked,omitempty"`
	// Ended says which tokens the change ended: of the event's user, in all tenants, or of all members of the event's tenant where the event
	// names no user.
	Ended *EndedTokens `json:"ended,omitempty"`
	// Notice is the notice that a key.expiring or key.expired gives.
	Notice *Notice `json:"notice,omitempty"`
	// Key describes the access key at the time of the event.
	Key *KeyFacts `json:"key,omitempty"`
	// Leak is set when a secret of the key was reported as leaked.
	Leak *LeakFacts `json:"leak,omitempty"`
	// Password is set when a user's password was set or taken away.
	Password *PasswordChange `json:"password,omitempty"`
	// Person is set when something else changed by which somebody could become, or act as, the user.
	Person *PersonChange `json:"person,omitempty"`
	// SecondFactor is set when the person's second factor changed, or a recovery code was used.
	SecondFactor *SecondFactorChange `json:"second_factor,omitempty"`
	// NewBrowser is set with a session.started that the person is told of.
	NewBrowser *NewBrowser `json:"new_browser,omitempty"`
}

// RevokedTokens names tokens that ended before their time.
type RevokedTokens struct {
	// StatusIndexes are the places in the status lists of all secrets whose tokens ended. It is never empty, and 0 is not among them.
	StatusIndexes []uint64 `json:"status_indexes"`
}

// KeyFacts is what a message to the owner says of an access key that may be gone by then.
type KeyFacts struct {
	Label string `json:"label,omitempty"`
	// PickUp says that the key waits for its owner to pick it up (R26).
	PickUp bool `json:"pick_up,omitempty"`
	// Reason is why the key was suspended, in the words of whoever did it.
	Reason string `json:"reason,omitempty"`
	// From and To are the user IDs of the other owner of a key that was transferred; one of them is empty.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Also names the other keys of the owner that the same act revoked, each with an event of its own. The message about this key tells
	// of them too, and theirs say ToldWith and are not sent.
	Also     []KeyName `json:"also,omitempty"`
	ToldWith string    `json:"told_with,omitempty"` // a client ID
}

// KeyName is what an owner knows an access key by.
type KeyName struct {
	ClientID string `json:"client_id"`
	Label    string `json:"label,omitempty"`
}

// LeakFacts is what the report of a leaked secret did (R35). URL is where the secret was found, if somebody who is trusted says so.
type LeakFacts struct {
	Effect LeakEffect `json:"effect"`
	URL    string     `json:"url,omitempty"`
}

// PasswordChange describes how a user's password changed.
type PasswordChange struct {
	// ByLink says that the user chose the password through a link that was mailed.
	ByLink bool `json:"by_link,omitempty"`
	// TakenAway says that the user has no password any more.
	TakenAway bool `json:"taken_away,omitempty"`
}

// SecondFactorChange is what a user is told of their second factor. One event has one of these, or a new passkey with the first codes.
type SecondFactorChange struct {
	PasskeyAdded   string `json:"passkey_added,omitempty"` // its name
	PasskeyRemoved string `json:"passkey_removed,omitempty"`
	CodesMade      bool   `json:"codes_made,omitempty"`
	CodeUsed       bool   `json:"code_used,omitempty"`
	CodesLeft      int    `json:"codes_left,omitempty"` // after CodeUsed
	TakenAway      bool   `json:"taken_away,omitempty"` // with all passkeys and codes
}

// EndedTokens says that tokens of a user or of a tenant ended, namely those whose status index is from Until or before.
type EndedTokens struct {
	Until time.Time `json:"until"`
	// PasswordsOnly leaves the tokens of access keys alive.
	PasswordsOnly bool `json:"passwords_only,omitempty"`
}

// TokensEnded returns which tokens of the user end as the user changes, or nil (R8, R27).
func TokensEnded(before, after User) *EndedTokens {
	switch {
	case !after.EndedBefore.Equal(before.EndedBefore):
		return &EndedTokens{Until: after.EndedBefore}
	case !after.PasswordChangedAt.Equal(before.PasswordChangedAt):
		return &EndedTokens{Until: after.PasswordChangedAt, PasswordsOnly: true}
	default:
		return nil
	}
}

// RevokedTokensOf returns the tokens that end with the keys: those of every secret that a key knows of, also of replaced ones (R5). It is
// nil when no secret has a place in the status lists.
func RevokedTokensOf(keys ...AccessKey) *RevokedTokens {
	var all []ReplacedIndex
	for _, key := range keys {
		all = append(all, key.indexes()...)
	}
	return revokedTokens(all)
}

// TokensLost returns the tokens that end as the key changes, or nil: those whose status index it had before and does not have any more.
func TokensLost(before, after AccessKey, now time.Time) *RevokedTokens {
	kept := after.indexes()
	return revokedTokens(slices.DeleteFunc(before.indexes(), func(i ReplacedIndex) bool {
		expired := !i.Until.IsZero() && i.Until.Before(now)
		return expired || slices.ContainsFunc(kept, func(k ReplacedIndex) bool { return k.StatusIndex == i.StatusIndex })
	}))
}

// PasswordTokens returns the tokens that the user's password has made for the tenant, or nil.
func (m Membership) PasswordTokens() *RevokedTokens { return revokedTokens(m.passwordIndexes()) }

// TokensOf returns those of the ended tokens that the membership has made, or nil.
func (m Membership) TokensOf(ended EndedTokens) *RevokedTokens {
	all := m.passwordIndexes()
	for _, key := range m.Keys {
		if !ended.PasswordsOnly {
			all = append(all, key.indexes()...)
		}
	}
	return revokedTokens(slices.DeleteFunc(all, func(i ReplacedIndex) bool { return i.Since.After(ended.Until) }))
}

func revokedTokens(indexes []ReplacedIndex) *RevokedTokens {
	var revoked RevokedTokens
	for _, i := range indexes {
		if i.StatusIndex != 0 {
			revoked.StatusIndexes = append(revoked.StatusIndexes, i.StatusIndex)
		}
	}
	if len(revoked.StatusIndexes) == 0 {
		return nil
	}
	return &revoked
}
