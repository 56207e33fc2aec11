package tokens

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// ErrWrongSealingKey means that the signing keys in the store were sealed with another sealing key than the one given, or that
// none was given.
var ErrWrongSealingKey = errors.New("the signing keys in the store are sealed with a different sealing key: " +
	"give the sealing key, or the key file, that this store was used with before")

// Sealer encrypts private keys at rest with AES-256-GCM. It is safe for concurrent use.
type Sealer struct {
	id   string
	aead cipher.AEAD
}

// NewSealer makes a Sealer from a sealing key of 256 random bits.
func NewSealer(key [32]byte) *Sealer {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only for a cipher that is not AES
	}
	name := hmac.New(sha256.New, key[:])
	name.Write([]byte("mintkey sealing key ID"))
	return &Sealer{id: hex.EncodeToString(name.Sum(nil)[:8]), aead: aead}
}

// String names the sealing key without giving anything of it away.
func (s *Sealer) String() string { return "sealing key " + s.id }

func (s *Sealer) seal(kid string, private []byte) []byte {
	return s.aead.Seal(nil, nil, private, s.boundTo(kid)) //nolint:gosec // G407: this AEAD makes a random nonce itself
}

func (s *Sealer) open(kid string, sealed []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, sealed, s.boundTo(kid))
}

// boundTo ties a ciphertext to its place: moved under another kid it does not open.
func (s *Sealer) boundTo(kid string) []byte { return []byte(s.id + "\x00" + kid) }
