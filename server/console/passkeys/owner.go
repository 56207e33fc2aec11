package passkeys

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"mintkey/policy"
)

// owner is a user as the library sees them.
type owner struct {
	user        policy.User
	credentials []webauthn.Credential
}

func ownerOf(u policy.User) (owner, error) {
	o := owner{user: u}
	for _, p := range u.Passkeys {
		id, idErr := base64.RawURLEncoding.DecodeString(p.ID)
		key, keyErr := base64.RawURLEncoding.DecodeString(p.PublicKey)
		if err := errors.Join(idErr, keyErr); err != nil {
			return owner{}, fmt.Errorf("passkeys: a passkey of %s: %w", u.ID, err)
		}
		credential := webauthn.Credential{
			ID: id, PublicKey: key, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(p.Flags)),
			Authenticator: webauthn.Authenticator{SignCount: p.SignCount},
		}
		for _, transport := range p.Transports {
			credential.Transport = append(credential.Transport, protocol.AuthenticatorTransport(transport))
		}
		o.credentials = append(o.credentials, credential)
	}
	return o, nil
}

func (o owner) WebAuthnID() []byte                         { return handleOf(o.user).bytes() }
func (o owner) WebAuthnName() string                       { return o.user.Email }
func (o owner) WebAuthnDisplayName() string                { return o.user.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

// Handle is what a device keeps to say whose a passkey is. Account is empty where there is no room for it.
type Handle struct{ Account, User string }

// maxHandle is the longest handle that a device takes, in bytes.
const maxHandle = 64

// aUUID marks an ID that is a UUID, and so needs 16 bytes instead of 36. Another number is the length of the ID.
const aUUID = 0xff

func handleOf(u policy.User) Handle { return Handle{u.AccountID, u.ID} }

func (h Handle) bytes() []byte {
	whole := append(pack(h.Account), pack(h.User)...)
	if len(whole) > maxHandle {
		return pack(h.User)
	}
	return whole
}

func pack(id string) []byte {
	if parsed, err := uuid.Parse(id); err == nil && parsed.String() == id {
		return append([]byte{aUUID}, parsed[:]...)
	}
	return append([]byte{byte(len(id))}, id...)
}

var errHandle = errors.New("not a handle of this server")

func parseHandle(text []byte) (h Handle, err error) {
	if h.User, text, err = unpack(text); err != nil {
		return Handle{}, err
	}
	if len(text) > 0 {
		h.Account = h.User
		if h.User, text, err = unpack(text); err != nil {
			return Handle{}, err
		}
	}
	if len(text) > 0 || policy.CheckID(h.User) != nil || h.Account != "" && policy.CheckID(h.Account) != nil {
		return Handle{}, errHandle
	}
	return h, nil
}

func unpack(text []byte) (id string, rest []byte, err error) {
	if len(text) == 0 {
		return "", nil, errHandle
	}
	kind, text := text[0], text[1:]
	length := int(kind)
	if kind == aUUID {
		length = len(uuid.UUID{})
	}
	if length > len(text) {
		return "", nil, errHandle
	}
	if kind == aUUID {
		return uuid.UUID(text[:length]).String(), text[length:], nil
	}
	return string(text[:length]), text[length:], nil
}
