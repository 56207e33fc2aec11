package tokens_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/store"
	"mintkey/tokens"
)

func TestSignAndVerify(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{Algorithms: everyAlgorithm()}, start)
	for _, algorithm := range everyAlgorithm() {
		token := sign(t, ring, algorithm, start)
		if diff := cmp.Diff(claimsAt(start), mustVerify(t, ring, token, start)); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", algorithm, diff)
		}
		head, _, _ := strings.Cut(token, ".")
		header, err := base64.RawURLEncoding.DecodeString(head)
		mustDo(t, err)
		kid := ""
		for _, info := range ring.SigningKeys(start) {
			if info.Algorithm == algorithm {
				kid = info.KID
			}
		}
		if want := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt"}`, algorithm, kid); string(header) != want {
			t.Errorf("header = %s, want %s", header, want)
		}
	}
}

func TestSignRefusesAnAlgorithmWithoutKey(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{}, start)
	for _, algorithm := range []tokens.Algorithm{tokens.RS256, "none", ""} {
		if token, err := ring.Sign(start, algorithm, tokens.TypeAccessToken, claimsAt(start)); err == nil {
			t.Errorf("Sign with %q made %s", algorithm, token)
		}
	}
}

func TestVerifyExpiredToken(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{}, start)
	token := sign(t, ring, tokens.ES256, start)
	mustVerify(t, ring, token, start.Add(lifetime-time.Nanosecond))
	_, err := ring.Verify(token, tokens.TypeAccessToken, start.Add(lifetime))
	if !errors.Is(err, tokens.ErrTokenExpired) || !errors.Is(err, tokens.ErrInvalidToken) {
		t.Errorf("Verify at exp = %v, want ErrTokenExpired and ErrInvalidToken", err)
	}
}

func TestVerifyAllowsForAClockSomewhatBehind(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{}, start)
	token := sign(t, ring, tokens.ES256, start)
	mustVerify(t, ring, token, start.Add(-5*time.Second))
	if _, err := ring.Verify(token, tokens.TypeAccessToken, start.Add(-6*time.Second)); !errors.Is(err, tokens.ErrInvalidToken) {
		t.Errorf("Verify 6 s before nbf = %v, want ErrInvalidToken", err)
	}
}

func TestTypeIsComparedAsAMediaType(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{}, start)
	for typ, good := range map[string]bool{
		"at+jwt": true, "AT+JWT": true, "application/at+jwt": true, "Application/At+Jwt": true,
		"JWT": false, "": false, "at+jwt ": false, "application/": false, "text/at+jwt": false, "application/application/at+jwt": false,
		"statuslist+jwt": false,
	} {
		token, err := ring.Sign(start, tokens.ES256, typ, claimsAt(start))
		mustDo(t, err)
		if _, err := ring.Verify(token, tokens.TypeAccessToken, start); (err == nil) != good {
			t.Errorf("typ %q: Verify = %v, want accepted %t", typ, err, good)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	es256 := []tokens.Algorithm{tokens.ES256}
	for name, options := range map[string]tokens.Options{
		"no algorithm":            {TokenLifetime: lifetime},
		"unknown algorithm":       {TokenLifetime: lifetime, Algorithms: []tokens.Algorithm{"HS256"}},
		"no lifetime":             {Algorithms: es256},
		"published too late":      {Algorithms: es256, TokenLifetime: lifetime, PublishBefore: -time.Second},
		"rotates before it signs": {Algorithms: es256, TokenLifetime: lifetime, RotateEvery: 10 * time.Minute},
		"rotates backwards":       {Algorithms: es256, TokenLifetime: lifetime, RotateEvery: -time.Hour},
	} {
		docs := newDocuments()
		if _, err := tokens.OpenKeyRing(t.Context(), docs, options, start); err == nil || docs.writes != 0 {
			t.Errorf("%s: OpenKeyRing = %v after %d writes, want an error and no write", name, err, docs.writes)
		}
	}
}

func TestJWKSHoldsWhatGatewaysNeedAndNothingPrivate(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{Algorithms: append(everyAlgorithm(), tokens.ES256)}, start)
	raw, err := ring.JWKS(start)
	mustDo(t, err)
	var set struct{ Keys []map[string]string }
	mustDo(t, json.Unmarshal(raw, &set))
	infos := ring.SigningKeys(start)
	if len(set.Keys) != 3 || len(infos) != 3 {
		t.Fatalf("%d JWKs of %d signing keys, want 3 of 3: %s", len(set.Keys), len(infos), raw)
	}
	for i, jwk := range set.Keys {
		required := map[string]string{ // RFC 7638 section 3.2: to be hashed in this form
			"ES256": fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":%q,"y":%q}`, jwk["x"], jwk["y"]),
			"EdDSA": fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, jwk["x"]),
			"RS256": fmt.Sprintf(`{"e":"AQAB","kty":"RSA","n":%q}`, jwk["n"]),
		}[jwk["alg"]]
		thumbprint := sha256.Sum256([]byte(required))
		want := map[string]string{"alg": string(infos[i].Algorithm), "use": "sig", "kid": base64.RawURLEncoding.EncodeToString(thumbprint[:])}
		mustDo(t, json.Unmarshal([]byte(required), &want))
		if diff := cmp.Diff(want, jwk); diff != "" {
			t.Errorf("JWK (-want +got):\n%s", diff)
		}
		if jwk["kid"] != infos[i].KID {
			t.Errorf("JWKS has kid %s where SigningKeys has %s", jwk["kid"], infos[i].KID)
		}
	}
}

func TestPublicPEM(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm()}, start)
	private := privateKeys(t, docs)
	for _, info := range ring.SigningKeys(start) {
		block, rest := pem.Decode([]byte(info.PublicPEM))
		if block == nil || block.Type != "PUBLIC KEY" || len(rest) != 0 {
			t.Fatalf("%s: not one PUBLIC KEY block: %s", info.Algorithm, info.PublicPEM)
		}
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		mustDo(t, err)
		if !private[info.KID].Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
			t.Errorf("%s: the PEM is of another key", info.Algorithm)
		}
	}
}

func TestReopeningKeepsTheKeys(t *testing.T) {
	docs := newDocuments()
	first := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm()}, time.Now()) // with a monotonic reading, as in life
	again := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm()}, start)
	// Equal to the last bit: a time zone or a monotonic reading would make the same key differ from replica to replica.
	if !slices.Equal(first.SigningKeys(start), again.SigningKeys(start)) {
		t.Errorf("signing keys %+v, opened again %+v", first.SigningKeys(start), again.SigningKeys(start))
	}
	if docs.writes != 1 {
		t.Errorf("%d writes, want 1", docs.writes)
	}
}

func TestReplicasThatStartAtOnceAgree(t *testing.T) {
	docs := newDocuments()
	rings := make([]*tokens.KeyRing, 8)
	var wait sync.WaitGroup
	for i := range rings {
		wait.Go(func() {
			rings[i], _ = tokens.OpenKeyRing(t.Context(), docs,
				tokens.Options{Algorithms: everyAlgorithm(), TokenLifetime: lifetime}, start.Add(time.Duration(i)*time.Second))
		})
	}
	wait.Wait()
	for i, ring := range rings {
		if ring == nil {
			t.Fatalf("replica %d did not open", i)
		}
		if diff := cmp.Diff(rings[0].SigningKeys(start), ring.SigningKeys(start)); diff != "" || len(ring.SigningKeys(start)) != 3 {
			t.Errorf("replica %d has other signing keys (-0 +%d):\n%s", i, i, diff)
		}
	}
}

func TestRefreshKeepsTheKeysWhileTheStoreIsAway(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{}, start)
	before := ring.SigningKeys(start)
	docs.setAway(true)
	if err := ring.Refresh(t.Context(), start.Add(time.Minute)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Refresh = %v, want ErrUnavailable", err)
	}
	if diff := cmp.Diff(before, ring.SigningKeys(start)); diff != "" {
		t.Errorf("signing keys changed:\n%s", diff)
	}
	mustVerify(t, ring, sign(t, ring, tokens.ES256, start), start)
	options := tokens.Options{Algorithms: everyAlgorithm(), TokenLifetime: lifetime}
	if _, err := tokens.OpenKeyRing(t.Context(), docs, options, start); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("OpenKeyRing = %v, want ErrUnavailable", err)
	}
}

func TestAddingAnAlgorithm(t *testing.T) {
	docs := newDocuments()
	old := openRing(t, docs, tokens.Options{}, start)
	renewed := openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm()}, start.Add(time.Hour))
	mustDo(t, old.Refresh(t.Context(), start.Add(time.Hour)))
	for _, algorithm := range everyAlgorithm() {
		mustVerify(t, old, sign(t, renewed, algorithm, start.Add(time.Hour)), start.Add(time.Hour))
	}
}

func TestSigningNeverWaitsForTheStore(t *testing.T) {
	docs := newDocuments()
	ring := openRing(t, docs, tokens.Options{}, start)
	docs.mu.Lock() // from here on, whoever asks the store hangs
	defer docs.mu.Unlock()
	mustVerify(t, ring, sign(t, ring, tokens.ES256, start), start)
	if raw, err := ring.JWKS(start); err != nil || !bytes.Contains(raw, []byte(`"kid"`)) {
		t.Errorf("JWKS = %s, %v", raw, err)
	}
}
