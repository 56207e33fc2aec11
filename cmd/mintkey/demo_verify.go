package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
)

// jwk is an elliptic-curve public key, RFC 7518 section 6.2.
type jwk struct {
	KID string `json:"kid"`
	Alg string `json:"alg"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

// verifyAsGateway verifies a token of the demo with nothing but the public keys of the server, and says what it checked. It is written by
// hand and for ES256 only, to show how little is needed: real gateways use a library.
func (c *connection) verifyAsGateway(ctx context.Context, issuer, token string, now time.Time) (string, error) {
	header, payload, err := decodeToken(token)
	if err != nil {
		return "", err
	}
	var about struct{ Alg, KID, Typ string }
	var says struct {
		Iss, Aud string
		Exp      int64
	}
	if err := errors.Join(json.Unmarshal(header, &about), json.Unmarshal(payload, &says)); err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	public, err := c.fetchPublicKey(ctx, issuer, about.KID)
	if err != nil {
		return "", err
	}
	signed, encoded, _ := cutLastDot(token)
	signature, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(signature) != 64 || about.Alg != "ES256" {
		return "", errors.New("the token has no ES256 signature")
	}
	digest := sha256.Sum256([]byte(signed))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	switch {
	case !ecdsa.Verify(public, digest[:], r, s):
		return "", errors.New("the signature of the token is wrong")
	case about.Typ != "at+jwt" || says.Iss != issuer || says.Aud != issuer || !now.Before(time.Unix(says.Exp, 0)):
		return "", errors.New("the type, issuer, audience or expiry of the token is wrong")
	}
	return "signature (ES256), type, issuer, audience and expiry are good", nil
}

func (c *connection) fetchPublicKey(ctx context.Context, issuer, kid string) (*ecdsa.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+"/.well-known/jwks.json", nil)
	if err != nil {
		return nil, fmt.Errorf("fetch the public keys: %w", err)
	}
	body, _, err := c.send(request)
	if err != nil {
		return nil, fmt.Errorf("fetch the public keys: %w", err)
	}
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("read the public keys: %w", err)
	}
	i := slices.IndexFunc(set.Keys, func(k jwk) bool { return k.KID == kid && k.Alg == "ES256" })
	if i < 0 {
		return nil, fmt.Errorf("no public key has the kid %s", kid)
	}
	x, errX := base64.RawURLEncoding.DecodeString(set.Keys[i].X)
	y, errY := base64.RawURLEncoding.DecodeString(set.Keys[i].Y)
	if err := errors.Join(errX, errY); err != nil {
		return nil, fmt.Errorf("read the public key: %w", err)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
}

func cutLastDot(text string) (before, after string, found bool) {
	at := strings.LastIndexByte(text, '.')
	return text[:max(at, 0)], text[at+1:], at >= 0
}
