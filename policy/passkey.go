package policy

import (
	"errors"
	"slices"
	"time"
)

const (
	// MaxPasskeys is how many passkeys a person can have.
	MaxPasskeys = 20
	// RecoveryCodes is how many recovery codes a person gets at once.
	RecoveryCodes = 10
)

// The refusals about passkeys and recovery codes.
var (
	// ErrTooManyPasskeys refuses one more passkey than MaxPasskeys.
	ErrTooManyPasskeys = errors.New("nobody can have more than 20 passkeys: remove one first")
	// ErrPasskeyExists refuses to register a passkey again.
	ErrPasskeyExists = errors.New("this passkey is registered already")
	// ErrPasskeyNotFound means that the person has no such passkey, or none any more.
	ErrPasskeyNotFound = errors.New("there is no such passkey")
	// ErrPasskeyCopied refuses a passkey whose counter has not moved on since its last use: somebody may have a copy of it.
	ErrPasskeyCopied = errors.New("the counter of the passkey has gone back, so there may be a copy of it")
	// ErrNoPasskey refuses what only somebody with a passkey can do: to have recovery codes, or to require a second factor of others.
	ErrNoPasskey = errors.New("this takes a passkey of your own: register one first")
	// ErrWrongRecoveryCode refuses a code that is none of the person's, or was used.
	ErrWrongRecoveryCode = errors.New("the recovery code is wrong or was used")
)

// Passkey is a WebAuthn credential of a person. It holds nothing secret: the private key never leaves the person's device.
type Passkey struct {
	ID         string    `json:"id"`         // as the device chose it, in base64url
	PublicKey  string    `json:"public_key"` // COSE, in base64url
	Name       string    `json:"name"`       // given by the person
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"` // zero: never
	// SignCount is what the device counted at the last use; 0 from devices that do not count.
	SignCount uint32 `json:"sign_count,omitempty"`
	// Flags are those of the authenticator data at the last use, such as whether the passkey is backed up.
	Flags      uint8    `json:"flags,omitempty"`
	Transports []string `json:"transports,omitempty"`

	Unknown Unknown `json:"-"`
}

// HasSecondFactor says whether a password alone does not sign the user in.
func (u User) HasSecondFactor() bool { return len(u.Passkeys) > 0 }

// Passkey returns the user's passkey with the ID, or ErrPasskeyNotFound.
func (u User) Passkey(id string) (Passkey, error) {
	i := u.passkeyIndex(id)
	if i < 0 {
		return Passkey{}, ErrPasskeyNotFound
	}
	return u.Passkeys[i], nil
}

func (u User) passkeyIndex(id string) int {
	return slices.IndexFunc(u.Passkeys, func(p Passkey) bool { return p.ID == id })
}

// WithPasskey returns the user with one more passkey.
func (u User) WithPasskey(p Passkey) (User, error) {
	switch {
	case u.IsRobot():
		return u, ErrServiceUser
	case u.Disabled:
		return u, ErrUserDisabled
	case u.passkeyIndex(p.ID) >= 0:
		return u, ErrPasskeyExists
	case len(u.Passkeys) >= MaxPasskeys:
		return u, ErrTooManyPasskeys
	}
	if err := CheckName(p.Name); err != nil {
		return u, err
	}
	u.Passkeys = append(slices.Clone(u.Passkeys), p)
	return u, nil
}

// WithoutPasskey returns the user without the passkey. The recovery codes go with the last one: there is nothing left that they stand for.
func (u User) WithoutPasskey(id string) (User, error) {
	i := u.passkeyIndex(id)
	if i < 0 {
		return u, ErrPasskeyNotFound
	}
	u.Passkeys = slices.Delete(slices.Clone(u.Passkeys), i, i+1)
	if len(u.Passkeys) == 0 {
		u.Passkeys, u.RecoveryCodes = nil, nil
	}
	return u, nil
}

// PasskeyUsed returns the user after a use of the passkey in which the device counted to count. A device that counts must have moved on
// (WebAuthn section 7.2, step 22): else ErrPasskeyCopied.
func (u User) PasskeyUsed(id string, count uint32, flags uint8, now time.Time) (User, error) {
	i := u.passkeyIndex(id)
	if i < 0 {
		return u, ErrPasskeyNotFound
	}
	u.Passkeys = slices.Clone(u.Passkeys)
	p := &u.Passkeys[i]
	if (count != 0 || p.SignCount != 0) && count <= p.SignCount {
		return u, ErrPasskeyCopied
	}
	p.SignCount, p.Flags, p.LastUsedAt = count, flags, now
	return u, nil
}

// WithRecoveryCodes returns the user with these digests of recovery codes and no others.
func (u User) WithRecoveryCodes(digests []string) (User, error) {
	if !u.HasSecondFactor() {
		return u, ErrNoPasskey
	}
	u.RecoveryCodes = slices.Clone(digests)
	return u, nil
}

// RecoveryCodeUsed returns the user without the code that has the digest, or ErrWrongRecoveryCode.
func (u User) RecoveryCodeUsed(digest string) (User, error) {
	i := slices.Index(u.RecoveryCodes, digest)
	if i < 0 {
		return u, ErrWrongRecoveryCode
	}
	u.RecoveryCodes = slices.Delete(slices.Clone(u.RecoveryCodes), i, i+1)
	return u, nil
}

// WithoutSecondFactor returns the user without passkeys and recovery codes. It ends all sessions and links, because whoever asks for this
// may have lost a device to somebody.
func (u User) WithoutSecondFactor(now time.Time) User {
	u.Passkeys, u.RecoveryCodes, u.SignInsEndedAt = nil, nil, advanced(u.SignInsEndedAt, now)
	return u
}
