package tokens

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// ErrWrongKeyEncryptionKey means that the signing keys in the store were encrypted with another key-encryption key than the one given, or
// that none was given.
var ErrWrongKeyEncryptionKey = errors.New("the signing keys in the store are encrypted with a different key-encryption key")

// Sealer encrypts private keys at rest with AES-256-GCM. It is safe for concurrent use.
type Sealer struct {
	id   string
	aead cipher.AEAD
}

// NewSealer makes a Sealer from a key-encryption key of 256 random bits.
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
	name.Write([]byte("mintkey sealing key ID")) // stores hold IDs made with this text, so it can't change
	return &Sealer{id: hex.EncodeToString(name.Sum(nil)[:8]), aead: aead}
}

// String identifies the key-encryption key without revealing anything about it.
func (s *Sealer) String() string { return "key-encryption key " + s.id }

func (s *Sealer) seal(kid string, private []byte) []byte {
	return s.aead.Seal(nil, nil, private, s.boundTo(kid)) //nolint:gosec // G407: this AEAD makes a random nonce itself
}

func (s *Sealer) open(kid string, sealed []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, sealed, s.boundTo(kid))
}

// boundTo is authenticated with a ciphertext: moved under another kid, it does not decrypt.
func (s *Sealer) boundTo(kid string) []byte { return []byte(s.id + "\x00" + kid) }
