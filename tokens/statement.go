package tokens

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// SignStatement is Sign for what has to be verified when the signing key is no longer published. It also returns the public key in PEM
// form.
func (r *KeyRing) SignStatement(now time.Time, algorithm Algorithm, typ string, claims any) (signature, publicPEM string, err error) {
	keys := r.current.Load()
	if signature, err = r.Sign(now, algorithm, typ, claims); err != nil {
		return "", "", err
	}
	parsed, _, err := jwt.NewParser().ParseUnverified(signature, jwt.MapClaims{})
	if err != nil {
		return "", "", err
	}
	kid, _ := parsed.Header["kid"].(string)
	if key := keys.byKID[kid]; key != nil {
		return signature, key.publicPEM, nil
	}
	return "", "", errors.New("the signing keys are just being changed; try again")
}

// VerifyStatement reads what SignStatement has signed with whichever key, into claims. It returns the thumbprint of the key (RFC 7638), by
// which the caller decides whether to believe it. The times in the claims are not looked at. Every error is ErrInvalidToken.
func VerifyStatement(signature, publicPEM, typ string, claims any) (keyThumbprint string, err error) {
	block, rest := pem.Decode([]byte(publicPEM))
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return "", fmt.Errorf("%w: its public key is not one block of PEM", ErrInvalidToken)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return "", fmt.Errorf("%w: its public key: %w", ErrInvalidToken, err)
	}
	jwk, err := jwkset.NewJWKFromKey(public, jwkset.JWKOptions{})
	if err == nil {
		keyThumbprint, err = thumbprint(jwk.Marshal())
	}
	if err != nil {
		return "", fmt.Errorf("%w: its public key: %w", ErrInvalidToken, err)
	}
	if strings.ContainsAny(signature, "\r\n") { // which encoding/base64 skips, even when strict
		return "", fmt.Errorf("%w: it contains a line break", ErrInvalidToken)
	}
	_, err = newParser().ParseWithClaims(signature, &payload{claims: claims}, func(token *jwt.Token) (any, error) {
		if given, _ := token.Header["typ"].(string); !sameType(given, typ) {
			return nil, fmt.Errorf("its typ is not %s", typ)
		}
		if kid, _ := token.Header["kid"].(string); kid != keyThumbprint {
			return nil, errors.New("its kid is not that of the public key")
		}
		return public, nil
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return keyThumbprint, nil
}
