// Package passkeytest is a device that holds one passkey, for tests: it answers as a browser with an authenticator does, and lies where it
// is told to.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// The flags of authenticator data (WebAuthn section 6.1).
const (
	UserPresent  = 0x01
	UserVerified = 0x04
	attested     = 0x40
)

// Device holds a passkey for a site.
type Device struct {
	Origin, Site string // what the device takes the site for
	Flags        byte
	Count        uint32 // grows with each answer, unless Counts is false
	Counts       bool
	ID           []byte
	User         []byte // the handle that it was registered with

	key *ecdsa.PrivateKey
}

// New returns a device with a fresh key that verifies its person.
func New(origin, site string) *Device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return &Device{Origin: origin, Site: site, Flags: UserPresent | UserVerified, Counts: true, ID: id, key: key}
}

type options struct {
	Challenge string `json:"challenge"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
}

func (d *Device) read(given []byte) (o options) {
	if err := json.Unmarshal(given, &o); err != nil {
		panic(err)
	}
	return o
}

func (d *Device) clientData(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.Origin, "crossOrigin": false})
	if err != nil {
		panic(err)
	}
	return text
}

func (d *Device) authenticatorData(flags byte) []byte {
	if d.Counts {
		d.Count++
	}
	site := sha256.Sum256([]byte(d.Site))
	return binary.BigEndian.AppendUint32(append(site[:], flags), d.Count)
}

// Register answers creation options.
func (d *Device) Register(creation []byte) []byte {
	o := d.read(creation)
	user, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		panic(err)
	}
	d.User = user
	data := append(d.authenticatorData(d.Flags|attested), make([]byte, 16)...) // no AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(d.ID)))
	data = append(append(data, d.ID...), d.publicKey()...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(data)>>8), byte(len(data)))
	return d.answer(map[string]any{
		"clientDataJSON": encode(d.clientData("webauthn.create", o.Challenge)), "attestationObject": encode(append(object, data...)),
		"transports": []string{"internal"},
	})
}

// publicKey is a COSE key in CBOR: ES256 on P-256.
func (d *Device) publicKey() []byte {
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	key := append([]byte("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"), point[1:33]...)
	return append(append(key, "\x22\x58\x20"...), point[33:]...)
}

// Sign answers request options.
func (d *Device) Sign(request []byte) []byte {
	client, data := d.clientData("webauthn.get", d.read(request).Challenge), d.authenticatorData(d.Flags)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, sum[:])
	if err != nil {
		panic(err)
	}
	return d.answer(map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode(d.User),
	})
}

func (d *Device) answer(response map[string]any) []byte {
	text, err := json.Marshal(map[string]any{
		"id": encode(d.ID), "rawId": encode(d.ID), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		panic(fmt.Sprint(err))
	}
	return text
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
