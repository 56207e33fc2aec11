package policy

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Account is a company: it has tenants and users, and one expiration policy for all their access keys.
type Account struct {
	ID         string           `json:"id"`
	Name       string           `json:"name"`
	CreatedAt  time.Time        `json:"created_at"`
	Expiration ExpirationPolicy `json:"expiration_policy"`
	// SecondFactor says who must have one to act as an admin; empty for nobody. See SecondFactorOf.
	SecondFactor SecondFactorRule `json:"second_factor,omitempty"`

	Unknown Unknown `json:"-"`
}

// Tenant is a part of an account. Access keys and tokens are bound to one. Its release never changes.
type Tenant struct {
	ID        string    `json:"id"`
	AccountID string    `json:"account_id"`
	Name      string    `json:"name"`
	Release   Release   `json:"release"`
	CreatedAt time.Time `json:"created_at"`

	// SuspendedAt is zero while the tenant works (R8), and so are the others. SuspendedBy is a user ID, and SuspendedAs the role that this
	// user acted in: to resume the tenant it takes as much authority.
	SuspendedAt     time.Time `json:"suspended_at,omitzero"`
	SuspendedBy     string    `json:"suspended_by,omitempty"`
	SuspendedAs     Role      `json:"suspended_as,omitempty"`
	SuspendedReason string    `json:"suspended_reason,omitempty"`
	// EndedBefore is when the last suspension was: what was signed in or issued before it stays dead. Zero: never suspended.
	EndedBefore time.Time `json:"ended_before,omitzero"`
	// TokensPerMinute is the tenant's quota (R36); 0 is none. QuotaReportOnly is not read yet: the setting of the server decides for all.
	TokensPerMinute int  `json:"tokens_per_minute,omitempty"`
	QuotaReportOnly bool `json:"quota_report_only,omitempty"`
	// NoticeAddresses also receive the notices of the tenant's keys (R16). See ParseNoticeAddresses.
	NoticeAddresses []string `json:"notice_addresses,omitempty"`

	Unknown Unknown `json:"-"`
}

// UserKind says whether a user is a person or a robot (R34). Records of version 1 have none and are persons.
type UserKind string

// The kinds of users. A service never signs in.
const (
	KindPerson  UserKind = "person"
	KindService UserKind = "service"
)

// User is a person, or a robot, in an account. IDs are unique in the whole server, because the sub of a token must be
// (RFC 9068 section 2.2); the e-mail addresses of persons are unique in the account.
type User struct {
	ID           string    `json:"id"`
	AccountID    string    `json:"account_id"`
	Kind         UserKind  `json:"kind,omitempty"`
	Name         string    `json:"name"`
	Email        string    `json:"email"`
	Roles        []Role    `json:"roles,omitempty"`
	PasswordHash string    `json:"password_hash,omitempty"` // argon2id, empty when the user has no password
	Disabled     bool      `json:"disabled,omitempty"`
	OpenID       Identity  `json:"openid,omitzero"` // who the user has signed in as; zero before the first time
	CreatedAt    time.Time `json:"created_at"`

	// Generation is random and made with the record, so that what belongs to a deleted user never passes to a later one of the same ID (R31).
	Generation string `json:"generation,omitempty"`
	// DisabledAt is when the user was disabled last; zero when never, or by a server of version 1.
	DisabledAt time.Time `json:"disabled_at,omitzero"`
	// EndedBefore is when the user was disabled last: all tokens, sessions and links up to then stay dead (R8). Zero: never.
	EndedBefore time.Time `json:"ended_before,omitzero"`
	// PasswordChangedAt is zero until the password changes for the first time under version 2.
	PasswordChangedAt time.Time `json:"password_changed_at,omitzero"`
	// SignInsEndedAt is when the e-mail address changed last or the user was unbound from the OpenID provider: sessions and links from
	// before are dead, even if the change is undone. Zero: never.
	SignInsEndedAt time.Time `json:"sign_ins_ended_at,omitzero"`
	// LastSignInAt is when the person last signed in to the console; zero when never since servers record it.
	LastSignInAt time.Time `json:"last_sign_in_at,omitzero"`
	// Passkeys sign a person in, in place of the password or after it.
	Passkeys []Passkey `json:"passkeys,omitempty"`
	// RecoveryCodes are digests of the codes that are left, each of which stands in for a passkey once.
	RecoveryCodes []string `json:"recovery_codes,omitempty"`
	// Notifications is which mails the person gets.
	Notifications Notifications `json:"notifications,omitzero"`

	Unknown Unknown `json:"-"`
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// CheckID returns ErrInvalidID unless id can be the ID of an account, a tenant or a user.
func CheckID(id string) error {
	if !idPattern.MatchString(id) {
		return ErrInvalidID
	}
	return nil
}

// The lengths of what people choose, in characters.
const (
	MaxNameLength     = 200 // of a name, a label or a reason
	MaxEmailLength    = 254 // bytes (RFC 5321 section 4.5.3.1.3)
	MinPasswordLength = 10
	MaxPasswordLength = 256
)

// CheckName returns ErrInvalidName unless name can be shown on one line.
func CheckName(name string) error {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > MaxNameLength || !printable(name) {
		return ErrInvalidName
	}
	return nil
}

// CheckLabel returns ErrInvalidLabel unless label, which may be empty, can be shown on one line.
func CheckLabel(label string) error {
	if utf8.RuneCountInString(label) > MaxNameLength || !printable(label) {
		return ErrInvalidLabel
	}
	return nil
}

// CheckReason returns ErrInvalidReason unless the reason for a suspension, which may be empty, can be shown on one line.
func CheckReason(reason string) error {
	if utf8.RuneCountInString(reason) > MaxNameLength || !printable(reason) {
		return ErrInvalidReason
	}
	return nil
}
