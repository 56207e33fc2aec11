package api

import (
	"time"

	"mintkey/policy"
)

// PolicyChange requests a change of an account's expiration policy.
type PolicyChange struct {
	Enabled         *bool `json:"enabled"`               // required
	PeriodDays      *int  `json:"period_days,omitempty"` // nil keeps the current period
	AcknowledgeRisk bool  `json:"acknowledge_risk,omitempty"`
}

// Policy is the expiration policy of an account, with its revisions, oldest first.
type Policy struct {
	Enabled    bool              `json:"enabled"`
	PeriodDays int               `json:"period_days"`
	Revisions  []policy.Revision `json:"revisions"`
}

// PolicyPreview lists the access keys that a change of the policy would affect, soonest expiry first (R15).
type PolicyPreview struct {
	Affected []AffectedKey `json:"affected"`
}

// AffectedKey is an access key whose expiry a change would move.
type AffectedKey struct {
	ClientID        string     `json:"client_id"`
	TenantID        string     `json:"tenant_id"`
	UserID          string     `json:"user_id"`
	ExpiresAtBefore *time.Time `json:"expires_at_before"`
	ExpiresAtAfter  *time.Time `json:"expires_at_after"`
}

// Expiry is when an access key expires, and why.
type Expiry struct {
	ClientID  string     `json:"client_id"`
	IssuedAt  time.Time  `json:"issued_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	// OwnExpiresAt is the end that the key was given (R33); null for none.
	OwnExpiresAt *time.Time    `json:"own_expires_at"`
	DecidedBy    ExpiryDecider `json:"decided_by"`
	Text         string        `json:"text"`
	Steps        []ExpiryStep  `json:"steps"`
	Notices      []Notice      `json:"notices"`
}

// ExpiryDecider is what decides when a key expires.
type ExpiryDecider string

// The deciders of an Expiry.
const (
	DecidedByPolicy ExpiryDecider = "policy"
	DecidedByKey    ExpiryDecider = "key" // its own end
	DecidedByNone   ExpiryDecider = "none"
)

// ExpiryStep is a revision of the policy with its effect on the key.
type ExpiryStep struct {
	policy.Revision
	Rule      policy.Rule `json:"rule"`
	ExpiresAt *time.Time  `json:"expires_at"`
	Text      string      `json:"text"`
}

// Notice is a warning to the owner.
type Notice struct {
	DaysBefore int       `json:"days_before"`
	At         time.Time `json:"at"`
}

// CalendarEntry is an expiry, or a notice some days before one.
type CalendarEntry struct {
	At         time.Time    `json:"at"`
	Kind       CalendarKind `json:"kind"`
	DaysBefore int          `json:"days_before,omitempty"`
	ClientID   string       `json:"client_id"`
	TenantID   string       `json:"tenant_id"`
	UserID     string       `json:"user_id"`
	Email      string       `json:"email"`
	Label      string       `json:"label"`
}

// CalendarKind is the kind of a CalendarEntry.
type CalendarKind string

// The kinds of a CalendarEntry.
const (
	CalendarExpiry CalendarKind = "expiry"
	CalendarNotice CalendarKind = "notice"
)
