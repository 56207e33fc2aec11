package tokens_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/tokens"
)

func TestSealedKeysNeedTheirKeyEncryptionKey(t *testing.T) {
	docs := newDocuments()
	right, wrong := tokens.NewSealer([32]byte{1}), tokens.NewSealer([32]byte{2})
	ring := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm(), Sealer: right}, start)
	if ring.Unprotected() {
		t.Error("Unprotected with a Sealer")
	}
	if key := stored(t, docs).KeyEncryptionKey; key != nil {
		t.Errorf("the document holds a key-encryption key, %x", key)
	}
	again := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm(), Sealer: right}, start)
	if diff := cmp.Diff(ring.SigningKeys(start), again.SigningKeys(start)); diff != "" {
		t.Errorf("signing keys (-first +again):\n%s", diff)
	}
	writes := docs.writes
	for name, sealer := range map[string]*tokens.Sealer{"wrong": wrong, "none": nil} {
		_, err := tokens.OpenKeyRing(t.Context(), docs,
			tokens.Options{Algorithms: everyAlgorithm(), TokenLifetime: lifetime, Sealer: sealer}, start)
		if !errors.Is(err, tokens.ErrWrongKeyEncryptionKey) {
			t.Errorf("%s key-encryption key: OpenKeyRing = %v, want ErrWrongKeyEncryptionKey", name, err)
		}
	}
	if docs.writes != writes {
		t.Error("a refused open wrote to the store")
	}
}

func TestSealerTakesOverUnprotectedKeys(t *testing.T) {
	docs := newDocuments()
	bare := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm()}, start)
	if !bare.Unprotected() {
		t.Error("not Unprotected without a Sealer")
	}
	token := sign(t, bare, tokens.ES256, start)
	plain := privateKeys(t, docs)

	sealer := tokens.NewSealer([32]byte{1})
	sealed := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm(), Sealer: sealer}, start)
	mustVerify(t, sealed, token, start)
	if sealed.Unprotected() || stored(t, docs).KeyEncryptionKey != nil || docs.writes != 2 {
		t.Errorf("after the takeover: Unprotected %t, %d writes, document %+v", sealed.Unprotected(), docs.writes, stored(t, docs))
	}
	if len(plain) != 3 || len(stored(t, docs).Keys) != 3 {
		t.Errorf("%d signing keys before, %d after, want 3", len(plain), len(stored(t, docs).Keys))
	}
	// A replica that was not given the key-encryption key goes on with what it has, and says so.
	if err := bare.Refresh(t.Context(), start); !errors.Is(err, tokens.ErrWrongKeyEncryptionKey) {
		t.Errorf("Refresh of a replica without the key-encryption key = %v, want ErrWrongKeyEncryptionKey", err)
	}
	mustVerify(t, bare, token, start)
}

func TestPrivateKeyUnderAnotherKIDDoesNotOpen(t *testing.T) {
	docs := newDocuments()
	options := tokens.Options{Algorithms: everyAlgorithm(), TokenLifetime: lifetime, Sealer: tokens.NewSealer([32]byte{1})}
	openRing(t, docs, options, start)
	document := stored(t, docs)
	document.Keys[0].PrivateKey = document.Keys[1].PrivateKey
	raw, err := json.Marshal(document)
	mustDo(t, err)
	docs.contents["signing-keys"] = raw
	if _, err := tokens.OpenKeyRing(t.Context(), docs, options, start); err == nil {
		t.Error("a private key moved under another kid was taken")
	}
}

func TestDamagedDocumentIsAnErrorAndIsNotReplaced(t *testing.T) {
	for _, raw := range []string{"", "{", "null", "{}", `{"sealing_key_id":"x","sealing_key":"AA==","keys":[]}`} {
		docs := newDocuments()
		docs.contents["signing-keys"] = []byte(raw)
		_, err := tokens.OpenKeyRing(t.Context(), docs,
			tokens.Options{Algorithms: everyAlgorithm(), TokenLifetime: lifetime}, start)
		if err == nil || docs.writes != 0 {
			t.Errorf("%q: OpenKeyRing = %v after %d writes, want an error and no write", raw, err, docs.writes)
		}
	}
}

func TestSealerDoesNotPrintItsKey(t *testing.T) {
	key := [32]byte{}
	copy(key[:], bytes.Repeat([]byte("secret!!"), 4))
	sealer := tokens.NewSealer(key)
	for _, verb := range []string{"%v", "%+v", "%s"} {
		if got := fmt.Sprintf(verb, sealer); got != sealer.String() {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got := fmt.Sprintf("%#v", sealer); strings.Contains(got, "secret!!") {
		t.Errorf("%%#v prints %s", got)
	}
}

func TestDocumentHoldsNoPrivateKeyInClear(t *testing.T) {
	docs := newDocuments()
	openRing(t, docs, tokens.Options{Sealer: tokens.NewSealer([32]byte{1})}, start)
	opened := openRing(t, docs, tokens.Options{Sealer: tokens.NewSealer([32]byte{1})}, start.Add(time.Hour))
	for _, key := range stored(t, docs).Keys {
		if bytes.Contains(key.PrivateKey, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d}) { // the OID that begins every EC key in PKCS #8
			t.Errorf("%s is stored in clear", key.KID)
		}
	}
	mustVerify(t, opened, sign(t, opened, tokens.ES256, start), start)
}
