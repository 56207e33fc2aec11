package tokens_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/x509"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/tokens"
)

const lifetime = 15 * time.Minute

var start = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// documents is a store.Documents in memory that swaps only what nobody has changed meanwhile.
type documents struct {
	mu       sync.Mutex
	contents map[string][]byte
	away     bool
	writes   int
}

func newDocuments() *documents { return &documents{contents: make(map[string][]byte)} }

func (d *documents) Document(_ context.Context, name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return nil, store.ErrUnavailable
	}
	raw, ok := d.contents[name]
	if !ok {
		return nil, store.ErrNotFound
	}
	return bytes.Clone(raw), nil
}

func (d *documents) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	for range 100 {
		before, err := d.Document(ctx, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		after, err := change(bytes.Clone(before))
		if err != nil {
			return err
		}
		if d.swap(name, before, after) {
			return nil
		}
	}
	return store.ErrConflict
}

func (d *documents) swap(name string, before, after []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !bytes.Equal(d.contents[name], before) {
		return false
	}
	d.contents[name] = bytes.Clone(after)
	d.writes++
	return true
}

func (d *documents) setAway(away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.away = away
}

func everyAlgorithm() []tokens.Algorithm {
	return []tokens.Algorithm{tokens.ES256, tokens.RS256, tokens.EdDSA}
}

func openRing(t testing.TB, docs store.Documents, options tokens.Options, now time.Time) *tokens.KeyRing {
	t.Helper()
	if options.Algorithms == nil {
		options.Algorithms = []tokens.Algorithm{tokens.ES256}
	}
	if options.TokenLifetime == 0 {
		options.TokenLifetime = lifetime
	}
	ring, err := tokens.OpenKeyRing(t.Context(), docs, options, now)
	if err != nil {
		t.Fatalf("OpenKeyRing: %v", err)
	}
	return ring
}

func claimsAt(now time.Time) tokens.Claims {
	return tokens.Claims{
		Issuer:    "https://mintkey.example",
		Subject:   "mk_0000000000000000000001",
		ClientID:  "mk_0000000000000000000001",
		Audience:  tokens.Audience{"api"},
		ExpiresAt: tokens.At(now.Add(lifetime).Truncate(time.Second)),
		IssuedAt:  tokens.At(now.Truncate(time.Second)),
		NotBefore: tokens.At(now.Truncate(time.Second)),
		ID:        "0198c0de-0000-7000-8000-000000000001",
		Scope:     "api keys:read",
		TenantID:  "acme-test",
		AccountID: "acme",
		UserID:    "ada",
		Status:    &tokens.Status{StatusList: tokens.StatusReference{Index: 0, URI: "https://mintkey.example/oauth2/status-lists/0"}},
	}
}

func sign(t testing.TB, ring *tokens.KeyRing, algorithm tokens.Algorithm, now time.Time) string {
	t.Helper()
	token, err := ring.Sign(now, algorithm, tokens.TypeAccessToken, claimsAt(now))
	if err != nil {
		t.Fatalf("Sign: %v", err)
	}
	return token
}

func mustVerify(t testing.TB, ring *tokens.KeyRing, token string, now time.Time) tokens.Claims {
	t.Helper()
	claims, err := ring.Verify(token, tokens.TypeAccessToken, now)
	if err != nil {
		t.Fatalf("Verify at %s: %v", now, err)
	}
	return claims
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func only(t testing.TB, infos []tokens.SigningKeyInfo, state tokens.State) tokens.SigningKeyInfo {
	t.Helper()
	var found []tokens.SigningKeyInfo
	for _, info := range infos {
		if info.State == state {
			found = append(found, info)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d signing keys are %s, want 1: %+v", len(found), state, infos)
	}
	return found[0]
}

// storedDocument is the document as the test expects it on disk.
type storedDocument struct {
	KeyEncryptionKeyID string `json:"sealing_key_id"`
	KeyEncryptionKey   []byte `json:"sealing_key"`
	Keys               []struct {
		KID        string `json:"kid"`
		PrivateKey []byte `json:"private_key"`
	} `json:"keys"`
}

func stored(t testing.TB, docs *documents) storedDocument {
	t.Helper()
	raw, err := docs.Document(t.Context(), "signing-keys")
	mustDo(t, err)
	var parsed storedDocument
	mustDo(t, json.Unmarshal(raw, &parsed))
	return parsed
}

// privateKeys opens a document that holds its own key-encryption key, as a thief of the store would.
func privateKeys(t testing.TB, docs *documents) map[string]crypto.Signer {
	t.Helper()
	document := stored(t, docs)
	block, err := aes.NewCipher(document.KeyEncryptionKey)
	mustDo(t, err)
	aead, err := cipher.NewGCMWithRandomNonce(block)
	mustDo(t, err)
	keys := make(map[string]crypto.Signer)
	for _, key := range document.Keys {
		der, err := aead.Open(nil, nil, key.PrivateKey, []byte(document.KeyEncryptionKeyID+"\x00"+key.KID))
		mustDo(t, err)
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		mustDo(t, err)
		keys[key.KID] = parsed.(crypto.Signer)
	}
	return keys
}
