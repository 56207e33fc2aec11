package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The errors of this package, for errors.Is. One table in package server renders each as an OAuth error or as problem details.
var (
	// ErrKeyLimit refuses more than MaxKeys live access keys (R2). See KeyLimitError, which names those that exist.
	ErrKeyLimit = fmt.Errorf("a user can hold at most %s access keys in a tenant", InWords(MaxKeys))
	// ErrKeyNotFound means that the membership has no such access key.
	ErrKeyNotFound = errors.New("no such access key")
	// ErrKeyExpired refuses to refresh an expired access key, or to issue a token for one.
	ErrKeyExpired = errors.New("the access key has expired")
	// ErrKeySuspended refuses to issue a token for a suspended access key (R28).
	ErrKeySuspended = errors.New("the access key is suspended")
	// ErrTenantSuspended refuses what a suspended tenant can't do (R8).
	ErrTenantSuspended = errors.New("the tenant is suspended")
	// ErrSuspendedByOther keeps the owner of an access key from resuming it where somebody else has suspended it (R28).
	ErrSuspendedByOther = errors.New("somebody else has suspended this access key: an admin of the tenant can resume it")
	// ErrRefreshRequired refuses to let an access key go on with a secret that has leaked (R35).
	ErrRefreshRequired = errors.New("the client secret of this access key has leaked: " +
		"only a refresh without overlap, which replaces it at once, makes the key work again")
	// ErrWrongSecret means that no current secret of the access key has this digest.
	ErrWrongSecret = errors.New("wrong client secret")
	// ErrNotMember means that the user is not a member of the tenant.
	ErrNotMember = errors.New("the user is not a member of the tenant")
	// ErrUserDisabled means that the user has been disabled.
	ErrUserDisabled = errors.New("the user is disabled")
	// ErrOtherPerson refuses to sign somebody in as a user who is bound to another person at the same OpenID provider.
	ErrOtherPerson = errors.New("another person of the OpenID provider has signed in as this user")
	// ErrInvalidOverlap refuses an overlap below zero or above MaxOverlap.
	ErrInvalidOverlap = fmt.Errorf("overlap_seconds must be between 0 and %d (%s)", MaxOverlap/time.Second, InDays(MaxOverlap))
	// ErrNoOverlap means that an access key has no old secret whose overlap could end.
	ErrNoOverlap = errors.New("the access key has no overlap: only its current client secret works")
	// ErrInvalidPeriod refuses a period that is not one of Periods.
	ErrInvalidPeriod = errors.New("period_days must be one of " + strings.Trim(strings.ReplaceAll(fmt.Sprint(Periods()), " ", ", "), "[]"))
	// ErrAcknowledgementRequired refuses to turn the expiration policy off unless the risk is acknowledged.
	ErrAcknowledgementRequired = errors.New("turning the expiration policy off means that access keys never expire: " +
		"a leaked key then opens the account until somebody notices and revokes it; " +
		`to accept that risk for the account send "acknowledge_risk": true`)
	// ErrInvalidRelease refuses text that is not a release.
	ErrInvalidRelease = errors.New(`a release is written year.number, for example "24.3", "2023.07" or "24.3.1"`)
	// ErrReleaseFixed refuses to change the release of a tenant (R21).
	ErrReleaseFixed = errors.New("the release of a tenant never changes: create a tenant of the other release")
	// ErrInvalidID refuses an ID chosen by a caller.
	ErrInvalidID = errors.New("an ID has 1 to 63 characters of a-z, 0-9 and -, and begins with a letter or digit")
	// ErrInvalidEmail refuses an e-mail address.
	ErrInvalidEmail = errors.New("email must be one address such as ada@example.com")
	// ErrInvalidName refuses the name of an account, a tenant or a user.
	ErrInvalidName = fmt.Errorf("a name has 1 to %d printable characters, and no client secret in it", MaxNameLength)
	// ErrInvalidLabel refuses the label of an access key.
	ErrInvalidLabel = fmt.Errorf("a label has at most %d printable characters, and no client secret in it", MaxNameLength)
	// ErrInvalidReason refuses the reason for a suspension.
	ErrInvalidReason = fmt.Errorf("a reason has at most %d printable characters, and no client secret in it", MaxNameLength)
	// ErrInvalidRole refuses a role that does not exist, or that users or members cannot have.
	ErrInvalidRole = errors.New("roles of a user are operator and account_admin; the role of a member is tenant_admin or member")
	// ErrInvalidScope refuses a scope that is neither in the catalogue nor an administration scope.
	ErrInvalidScope = errors.New("unknown scope")
	// ErrInvalidTarget refuses an audience that does not exist, or that a key cannot have tokens for (R29).
	ErrInvalidTarget = errors.New("unknown audience")
	// ErrNotGrantable refuses to give away, or to take over, more authority than the actor has.
	ErrNotGrantable = errors.New("this would hand out more than you are allowed to do yourself")
	// ErrInvalidPassword refuses a password that is too short or too long.
	ErrInvalidPassword = fmt.Errorf("a password has %d to %d characters", MinPasswordLength, MaxPasswordLength)
	// ErrPersonalPassword refuses a password that whoever knows the user can guess.
	ErrPersonalPassword = errors.New("a password can't be the user's own name, ID or address, nor one of these with digits and signs")
)

// KeyLimitError is ErrKeyLimit together with the client IDs of the keys that exist.
type KeyLimitError struct {
	ClientIDs []string
}

// Error lists the keys, so that the caller can choose one to revoke.
func (e *KeyLimitError) Error() string {
	return fmt.Sprintf("%s; this user already has %s: revoke or refresh one of them",
		ErrKeyLimit, strings.Join(e.ClientIDs, " and "))
}

// Is makes errors.Is(err, ErrKeyLimit) true.
func (e *KeyLimitError) Is(target error) bool { return target == ErrKeyLimit }
