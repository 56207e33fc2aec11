package policy

import (
	"encoding/hex"
	"fmt"
	"strconv"
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
	ActionKeyOverlapEnded   Action = "key.overlap_ended"
	ActionKeyRevoked        Action = "key.revoked"
	ActionKeyUpdated        Action = "key.updated"
	ActionKeySuspended      Action = "key.suspended"
	ActionKeyResumed        Action = "key.resumed"
	// ActionKeyTransferred is recorded twice: for the owner until then, with the detail "to", and for the next one, with "from".
	ActionKeyTransferred Action = "key.transferred"
	// ActionKeyLeaked means that somebody has reported a secret of the key as leaked, and that it worked until then (R35).
	ActionKeyLeaked       Action = "key.leaked"
	ActionTenantUpdated   Action = "tenant.updated"
	ActionTenantSuspended Action = "tenant.suspended"
	ActionTenantResumed   Action = "tenant.resumed"
	ActionKeyExpiring     Action = "key.expiring"
	ActionKeyExpired      Action = "key.expired"
	ActionKeyPurged       Action = "key.purged"
	// ActionTokenRefused is about an access key or, at the password grant, about a user.
	ActionTokenRefused Action = "token.refused"
	// ActionSessionStarted, ActionSessionEnded and ActionSessionRefused are about signing in to the console.
	ActionSessionStarted Action = "session.started"
	ActionSessionEnded   Action = "session.ended"
	ActionSessionRefused Action = "session.refused"
	// ActionKeyCeilingSet is recorded by an upgrade for a key with scopes above what its owner may do (R9).
	ActionKeyCeilingSet Action = "key.ceiling_set"
	// ActionSigningKeysRotated is recorded in the account of the operator who rotated them.
	ActionSigningKeysRotated Action = "signing_keys.rotated"
	// ActionPasswordLinkRequested comes from the sign-in page. Only the IP address of the actor is known.
	ActionPasswordLinkRequested Action = "user.password_link_requested"
	// ActionPasskeyCreated and the next are about a person's second factor; ActionSecondFactorReset means that somebody else took it away.
	ActionPasskeyCreated       Action = "passkey.created"
	ActionPasskeyDeleted       Action = "passkey.deleted"
	ActionRecoveryCodesCreated Action = "recovery_codes.created"
	ActionRecoveryCodeUsed     Action = "recovery_code.used"
	ActionSecondFactorReset    Action = "second_factor.reset"
	// ActionAccountUpdated means that the account asks for a second factor of other people than before.
	ActionAccountUpdated Action = "account.updated"
	// ActionPasswordLinkSent means that an admin sent the user a link to choose a password.
	ActionPasswordLinkSent Action = "user.password_link_sent"
)

// Event is one record of an account's audit trail: who did what, when, from where and to whom. It never holds a secret or a digest.
type Event struct {
	// ID orders events by time: see NewEventID.
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Action    Action    `json:"action"`
	Actor     Actor     `json:"actor"`
	AccountID string    `json:"account_id"`
	TenantID  string    `json:"tenant_id,omitempty"`
	UserID    string    `json:"user_id,omitempty"`   // the user affected
	ClientID  string    `json:"client_id,omitempty"` // the access key affected
	// Details describes the change in words and values fit to show. Nothing acts on it: what the server needs is in Payload.
	Details map[string]string `json:"details,omitempty"`
	// Payload is for the server alone: see Public.
	Payload Payload `json:"payload,omitzero"`
	// Announce puts the event into the outbox too, in the same write, so that it is delivered.
	Announce bool `json:"-"`
}

// Names of details that more than one package writes.
const (
	// DetailPickUp is "true" when the key of a key.created waits for its owner to pick it up (R26).
	DetailPickUp = "pick_up"
	// DetailReason is why a key or a tenant was suspended, in the words of whoever did it, or why a key was revoked.
	DetailReason = "reason"
	// DetailChanged lists the fields that a user.updated changed, separated by a comma and a space.
	DetailChanged = "changed"
	// ChangedPassword is the name of the password in DetailChanged.
	ChangedPassword = "password"
	// DetailTokensPerMinute is the quota after a key.updated or tenant.updated that changed it, or with a key.created: a number, or "none".
	DetailTokensPerMinute = "tokens_per_minute"
	// DetailNoticeAddresses is who gets the notices beside the owners after a tenant.updated that changed it: separated by spaces, or "none".
	DetailNoticeAddresses = "notice_addresses"
	// DetailNameBefore is what a tenant was called before it was renamed.
	DetailNameBefore = "name_before"
	// DetailAllowedNetworks and DetailTokenLifetime are fences of the key after a key.updated that changed them, or with a key.created:
	// networks separated by spaces, seconds, or "none".
	DetailAllowedNetworks = "allowed_networks"
	DetailTokenLifetime   = "token_lifetime_seconds"
	// DetailOwnEnd is the key's own end after a key.updated that changed it, or with a key.created: RFC 3339, or "none".
	DetailOwnEnd = "expires_at"
	// DetailRevokedTokens says with a key.overlap_ended whether the tokens of the old secret ended too: "true" or "false".
	DetailRevokedTokens = "revoked_tokens"
	// DetailByLink is "true" when the user chose the password through a link sent by e-mail.
	DetailByLink = "by_link"
	// DetailDroppedScopes lists the scopes that a key lost at a key.refreshed, separated by spaces (R9).
	DetailDroppedScopes = "dropped_scopes"
	// DetailRepeated is "true" with a key.refreshed that repeats a create or refresh whose answer was lost (R37).
	DetailRepeated = "repeated"
	// DetailEffect, DetailURL and DetailReportedBy say with a key.leaked what the report did, a LeakEffect; where the secret was found, as
	// anybody may have written it; and who reported it, if that is known for certain.
	DetailEffect     = "effect"
	DetailURL        = "url"
	DetailReportedBy = "reported_by"
)

// Actor is the user or program that did something, and where from.
type Actor struct {
	UserID    string `json:"user_id,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Via       string `json:"via"`                  // api, console, command or server
	Address   string `json:"address,omitempty"`    // the client's IP address
	RequestID string `json:"request_id,omitempty"` // as in the log
}

// NewEventID makes an ID that sorts by time, to the millisecond: 12 hexadecimal digits of Unix milliseconds, a hyphen, and 20 random ones.
func NewEventID(at time.Time, random [10]byte) string {
	return fmt.Sprintf("%012x-%s", max(at.UnixMilli(), 0), hex.EncodeToString(random[:]))
}

// EventIDTime is when the event with the ID happened, to the millisecond; 1970 for what is no ID of an event.
func EventIDTime(id string) time.Time {
	digits, _, _ := strings.Cut(id, "-")
	milliseconds, err := strconv.ParseInt(digits, 16, 64)
	if err != nil {
		milliseconds = 0
	}
	return time.UnixMilli(milliseconds).UTC()
}
