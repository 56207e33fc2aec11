package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"mintkey/policy"
)

// ErrPreconditionFailed refuses to change a record that is no longer as the caller has read it.
var ErrPreconditionFailed = errors.New("this has changed since you read it, so nothing was done: read it again, and repeat the change " +
	"with the new ETag if it still makes sense")

// Tag names a state of a record: it is another one after each change that somebody can make to it. What it does by itself, such as being
// used or growing old, does not change it.
type Tag string

// IfMatch is the condition of a change: the record has one of the tags. The zero value is no condition.
type IfMatch struct {
	Given bool
	Any   bool // whatever the state is
	Tags  []Tag
}

// check is asked inside each change, of the record that it replaces.
func (m IfMatch) check(tag Tag) error {
	if !m.Given || m.Any || slices.Contains(m.Tags, tag) {
		return nil
	}
	return ErrPreconditionFailed
}

// UserTag is the tag of a user. It depends on when the password was changed, and not on the password. A sign-in changes no tag.
func UserTag(u policy.User) Tag {
	u.LastSignInAt = time.Time{}
	if u.PasswordHash != "" {
		u.PasswordHash = "set"
	}
	u.Passkeys, u.RecoveryCodes = nil, nil // change with each sign-in, and by nothing that has a condition
	return tagOf(u)
}

// TenantTag is the tag of a tenant.
func TenantTag(t policy.Tenant) Tag { return tagOf(t) }

// PolicyTag is the tag of an expiration policy.
func PolicyTag(p policy.ExpirationPolicy) Tag { return tagOf(p) }

// KeyTag is the tag of an access key that the user has: whoever would stop it for its owner must see that it has another one by now. Status
// indexes change by themselves, with tokens, and notices with time.
func KeyTag(userID string, k policy.AccessKey) Tag {
	k = k.Clone()
	k.Replaced, k.Noticed = nil, policy.Notice{}
	for i := range k.Secrets {
		k.Secrets[i].StatusIndex, k.Secrets[i].StatusSince = 0, k.Secrets[i].IssuedAt
	}
	return tagOf([]any{userID, k})
}

func tagOf(record any) Tag {
	text, _ := json.Marshal(record) // never fails: the stores write the same
	digest := sha256.Sum256(text)
	return Tag(hex.EncodeToString(digest[:16]))
}
