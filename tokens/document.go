package tokens

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"
)

// documentName is the one document that holds all signing keys.
const documentName = "signing-keys"

// document is how it is stored, in JSON.
type document struct {
	SealingKeyID string `json:"sealing_key_id"`
	// SealingKey is the sealing key itself, while none is configured. It protects nothing; it keeps one form of document, and
	// gives way to a configured one when there is one.
	SealingKey []byte      `json:"sealing_key,omitempty"`
	Keys       []sealedKey `json:"keys"`
}

type sealedKey struct {
	KID        string    `json:"kid"`
	CreatedAt  time.Time `json:"created_at"`
	ActiveFrom time.Time `json:"active_from"`
	PrivateKey []byte    `json:"private_key"` // PKCS #8, sealed
}

// keySet is the contents of the document, opened and parsed. It never changes.
type keySet struct {
	raw         []byte
	sealingKey  []byte // the one in the document, if it is there
	keys        []*signingKey
	byKID       map[string]*signingKey
	byAlgorithm map[Algorithm]timeline
}

func openDocument(raw []byte, configured *Sealer) (*keySet, error) {
	if raw == nil {
		return newKeySet(nil, nil, nil), nil
	}
	var stored document
	if err := json.Unmarshal(raw, &stored); err != nil {
		return nil, fmt.Errorf("the document %q: %w", documentName, err)
	}
	sealer := configured
	if len(stored.SealingKey) == 32 {
		sealer = NewSealer([32]byte(stored.SealingKey))
	}
	switch {
	case sealer == nil:
		return nil, fmt.Errorf("%w (needed: %s; given: none)", ErrWrongSealingKey, stored.SealingKeyID)
	case sealer.id != stored.SealingKeyID:
		return nil, fmt.Errorf("%w (needed: %s; given: %s)", ErrWrongSealingKey, stored.SealingKeyID, sealer.id)
	}
	keys := make([]*signingKey, 0, len(stored.Keys))
	for _, sealed := range stored.Keys {
		key, err := sealed.open(sealer)
		if err != nil {
			return nil, fmt.Errorf("opening the signing key %s: %w", sealed.KID, err)
		}
		keys = append(keys, key)
	}
	return newKeySet(raw, stored.SealingKey, keys), nil
}

func newKeySet(raw, sealingKey []byte, keys []*signingKey) *keySet {
	byKID := make(map[string]*signingKey, len(keys))
	for _, key := range keys {
		byKID[key.kid] = key
	}
	return &keySet{raw: raw, sealingKey: sealingKey, keys: keys, byKID: byKID, byAlgorithm: timelines(keys)}
}

// with seals the keys into a new document, under the configured sealing key or else under the one in the document.
func (s *keySet) with(keys []*signingKey, configured *Sealer) (*keySet, error) {
	sealer, sealingKey := configured, []byte(nil)
	if configured == nil {
		if sealingKey = s.sealingKey; sealingKey == nil {
			sealingKey = make([]byte, 32)
			rand.Read(sealingKey)
		}
		sealer = NewSealer([32]byte(sealingKey))
	}
	stored := document{SealingKeyID: sealer.id, SealingKey: sealingKey, Keys: make([]sealedKey, 0, len(keys))}
	for _, key := range keys {
		private, err := x509.MarshalPKCS8PrivateKey(key.private)
		if err != nil {
			return nil, fmt.Errorf("sealing the signing key %s: %w", key.kid, err)
		}
		stored.Keys = append(stored.Keys, sealedKey{
			KID:        key.kid,
			CreatedAt:  key.createdAt,
			ActiveFrom: key.activeFrom,
			PrivateKey: sealer.seal(key.kid, private),
		})
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	return newKeySet(raw, sealingKey, keys), nil
}

func (k sealedKey) open(sealer *Sealer) (*signingKey, error) {
	der, err := sealer.open(k.KID, k.PrivateKey)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a signing key that cannot sign, %T", private)
	}
	return newSigningKey(signer, k.CreatedAt, k.ActiveFrom)
}
