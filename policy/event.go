package policy

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Action names what an Event records.
type Action string

// The actions of the audit trail.
const (
	ActionAccountCreated    Action = "account.created"
	ActionPolicyChanged     Action = "policy.changed"
	ActionTenantCreated     Action = "tenant.created"
	ActionUserCreated       Action = "user.created"
	ActionUserUpdated       Action = "user.updated"
	ActionUserDeleted       Action = "user.deleted"
	ActionMemberAdded       Action = "member.added"
	ActionMemberRoleChanged Action = "member.role_changed"
	ActionMemberRemoved     Action = "member.removed"
	ActionKeyCreated        Action = "key.created"
	ActionKeyRefreshed      Action = "key.refreshed"
	ActionKeyRevoked        Action = "key.revoked"
	ActionKeyExpiring       Action = "key.expiring"
	ActionKeyExpired        Action = "key.expired"
	ActionKeyPurged         Action = "key.purged"
	ActionTokenRefused      Action = "token.refused"
	// ActionKeyCeilingSet is recorded by an upgrade for a key with scopes above what its owner may do (R9).
	ActionKeyCeilingSet Action = "key.ceiling_set"
	// ActionSigningKeysRotated is recorded in the account of the operator who asked for it.
	ActionSigningKeysRotated Action = "signing_keys.rotated"
	// ActionPasswordLinkRequested is done on the sign-in page by somebody of whom only the IP address is known.
	ActionPasswordLinkRequested Action = "user.password_link_requested"
	// ActionPasswordLinkSent is done by an admin, so that the user can choose a password.
	ActionPasswordLinkSent Action = "user.password_link_sent"
)

// Event is one record of an account's audit trail: who did what, from where, when, to whom. It never holds a secret or a digest.
type Event struct {
	// ID orders events by time: see NewEventID.
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Action    Action    `json:"action"`
	Actor     Actor     `json:"actor"`
	AccountID string    `json:"account_id"`
	TenantID  string    `json:"tenant_id,omitempty"`
	UserID    string    `json:"user_id,omitempty"`   // whom it was done to
	ClientID  string    `json:"client_id,omitempty"` // the access key it was done to
	// Details holds what changed, in words and values fit to show.
	Details map[string]string `json:"details,omitempty"`
	// Announce puts the event into the outbox too, in the same write: somebody must be told of it.
	Announce bool `json:"-"`
}

// DetailPickUp is "true" in the details of a key.created whose key waits for its owner to pick it up (R26).
const DetailPickUp = "pick_up"

// The details of a user.updated.
const (
	// DetailChanged names what was changed, separated by a comma and a space.
	DetailChanged = "changed"
	// ChangedPassword stands in DetailChanged for the password.
	ChangedPassword = "password"
	// DetailByLink is "true" when the user chose the password through a link that was mailed.
	DetailByLink = "by_link"
)

// ChangesPassword says whether the event records that a user's password was set, or taken away.
func (e Event) ChangesPassword() bool {
	return e.Action == ActionUserUpdated && slices.Contains(strings.Split(e.Details[DetailChanged], ", "), ChangedPassword)
}

// Actor is who did something, and from where.
type Actor struct {
	UserID    string `json:"user_id,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Via       string `json:"via"`                  // api, console, command or server
	Address   string `json:"address,omitempty"`    // the client's IP address
	RequestID string `json:"request_id,omitempty"` // as in the log
}

// NewEventID makes an ID whose byte order is the order of time, to the millisecond: 12 hexadecimal digits of Unix
// milliseconds, a hyphen, 20 of random.
func NewEventID(at time.Time, random [10]byte) string {
	return fmt.Sprintf("%012x-%s", max(at.UnixMilli(), 0), hex.EncodeToString(random[:]))
}
