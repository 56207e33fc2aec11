package tokens

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"mintkey/store"
)

// documentName is the one document that holds all signing keys.
const documentName = "signing-keys"

// document is how it is stored, in JSON.
type document struct {
	KeyEncryptionKeyID string `json:"sealing_key_id"`
	// KeyEncryptionKey is the key itself, while none is configured. It protects nothing, but keeps the form of the document the same;
	// a configured key replaces it.
	KeyEncryptionKey []byte      `json:"sealing_key,omitempty"`
	Keys             []sealedKey `json:"keys"`
}

type sealedKey struct {
	KID        string    `json:"kid"`
	CreatedAt  time.Time `json:"created_at"`
	ActiveFrom time.Time `json:"active_from"`
	PrivateKey []byte    `json:"private_key"` // PKCS #8, encrypted
	// Algorithm is there for Ed25519, whose keys are like those for EdDSA.
	Algorithm Algorithm `json:"algorithm,omitempty"`
	// UnusedSince is there while no setting names the algorithm. A program that does not know it leaves it out, and the time begins anew.
	UnusedSince time.Time `json:"unused_since,omitzero"`
}

// keySet is the contents of the document, opened and parsed. It never changes.
type keySet struct {
	raw              []byte
	keyEncryptionKey []byte // the one in the document, if there is one
	keys             []*signingKey
	byKID            map[string]*signingKey
	byAlgorithm      map[Algorithm]timeline
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
	if len(stored.KeyEncryptionKey) == 32 {
		sealer = NewSealer([32]byte(stored.KeyEncryptionKey))
	}
	switch {
	case sealer == nil:
		return nil, fmt.Errorf("%w (needed: %s; given: none)", ErrWrongKeyEncryptionKey, stored.KeyEncryptionKeyID)
	case sealer.id != stored.KeyEncryptionKeyID:
		return nil, fmt.Errorf("%w (needed: %s; given: %s)", ErrWrongKeyEncryptionKey, stored.KeyEncryptionKeyID, sealer.id)
	}
	keys := make([]*signingKey, 0, len(stored.Keys))
	for _, sealed := range stored.Keys {
		key, err := sealed.open(sealer)
		if err != nil {
			return nil, fmt.Errorf("decrypting the signing key %s: %w", sealed.KID, err)
		}
		keys = append(keys, key)
	}
	return newKeySet(raw, stored.KeyEncryptionKey, keys), nil
}

// NeedsKeyEncryptionKey says whether the store has signing keys that only a key-encryption key kept elsewhere can decrypt.
func NeedsKeyEncryptionKey(ctx context.Context, documents store.Documents) (bool, error) {
	raw, err := documents.Document(ctx, documentName)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var stored document
	if err := json.Unmarshal(raw, &stored); err != nil {
		return false, fmt.Errorf("the document %q: %w", documentName, err)
	}
	return len(stored.KeyEncryptionKey) == 0, nil
}

func newKeySet(raw, keyEncryptionKey []byte, keys []*signingKey) *keySet {
	byKID := make(map[string]*signingKey, len(keys))
	for _, key := range keys {
		byKID[key.kid] = key
	}
	return &keySet{raw: raw, keyEncryptionKey: keyEncryptionKey, keys: keys, byKID: byKID, byAlgorithm: timelines(keys)}
}

// is says whether the keys are those of the set, in whichever order.
func (s *keySet) is(keys []*signingKey) bool {
	changed := func(key *signingKey) bool { return s.byKID[key.kid] != key }
	return len(keys) == len(s.keys) && !slices.ContainsFunc(keys, changed)
}

// with encrypts the keys into a new document, with the configured key-encryption key or else with the one in the document.
func (s *keySet) with(keys []*signingKey, configured *Sealer) (*keySet, error) {
	sealer, keyEncryptionKey := configured, []byte(nil)
	if configured == nil {
		if keyEncryptionKey = s.keyEncryptionKey; keyEncryptionKey == nil {
			keyEncryptionKey = make([]byte, 32)
			rand.Read(keyEncryptionKey)
		}
		sealer = NewSealer([32]byte(keyEncryptionKey))
	}
	stored := document{KeyEncryptionKeyID: sealer.id, KeyEncryptionKey: keyEncryptionKey, Keys: make([]sealedKey, 0, len(keys))}
	for _, key := range keys {
		private, err := x509.MarshalPKCS8PrivateKey(key.private)
		if err != nil {
			return nil, fmt.Errorf("encoding the signing key %s: %w", key.kid, err)
		}
		sealed := sealedKey{
			KID:         key.kid,
			CreatedAt:   key.createdAt,
			ActiveFrom:  key.activeFrom,
			PrivateKey:  sealer.seal(key.kid, private),
			UnusedSince: key.unusedSince,
		}
		if key.algorithm == Ed25519 {
			sealed.Algorithm = Ed25519
		}
		stored.Keys = append(stored.Keys, sealed)
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	return newKeySet(raw, keyEncryptionKey, keys), nil
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
	key, err := newSigningKey(signer, k.CreatedAt, k.ActiveFrom, k.Algorithm)
	if err == nil {
		key.unusedSince = k.UnusedSince
	}
	return key, err
}
