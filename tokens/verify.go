package tokens

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var (
	// ErrInvalidToken refuses a token that this server did not make for this use, or that is not valid at this time.
	ErrInvalidToken = errors.New("the token is not valid")
	// ErrTokenExpired refuses a token that was valid once. It always comes together with ErrInvalidToken.
	ErrTokenExpired = errors.New("the token has expired")
)

const (
	// maxTokenLength is in bytes, far above any token of this server and below the limit of a request header.
	maxTokenLength = 16 << 10
	// clockSkew is how far ahead the clock of the replica that made a token may be. It never lengthens a life.
	clockSkew = 5 * time.Second
)

// Verify reads a token signed by a key of this ring, of the type typ (compared as in RFC 7515 section 4.1.9: case does not
// matter, nor does "application/" before it), and valid at now. It must have exp, iat and aud; nbf counts where there is one.
// Issuer, audience and revocation are for the caller to check. Every error is ErrInvalidToken.
func (r *KeyRing) Verify(token, typ string, now time.Time) (Claims, error) {
	if len(token) > maxTokenLength {
		return Claims{}, fmt.Errorf("%w: it is too long", ErrInvalidToken)
	}
	keys, digest := r.current.Load(), digestOf(token, typ)
	claims, known := r.verified.find(digest, keys)
	var err error
	if !known {
		if claims, err = r.parse(keys, token, typ); err == nil {
			r.verified.remember(digest, keys, claims)
		}
	}
	if err == nil {
		err = claims.checkTimes(now)
	}
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return claims, nil
}

func newParser() *jwt.Parser {
	jwt.RegisterSigningMethod(string(Ed25519), func() jwt.SigningMethod { return ed25519Named{jwt.SigningMethodEdDSA} })
	return jwt.NewParser(
		jwt.WithValidMethods([]string{string(ES256), string(RS256), string(EdDSA), string(Ed25519)}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // its leeway would lengthen a life; checkTimes is stricter
	)
}

func (r *KeyRing) parse(keys *keySet, token, typ string) (claims Claims, err error) {
	if strings.ContainsAny(token, "\r\n") { // which encoding/base64 skips, even when strict
		return claims, errors.New("it contains a line break")
	}
	_, err = r.parser.ParseWithClaims(token, &payload{claims: &claims}, func(token *jwt.Token) (any, error) {
		return keys.keyOf(token, typ)
	})
	return claims, err
}

// keyOf chooses the public key by kid among the keys of the ring. Nothing else in the header counts.
func (s *keySet) keyOf(token *jwt.Token, typ string) (any, error) {
	if len(token.Header) != 3 { // a token of this server never has crit, jwk, jku, x5u or the like
		return nil, errors.New("the header must have alg, kid and typ and nothing else")
	}
	if given, _ := token.Header["typ"].(string); !sameType(given, typ) {
		return nil, fmt.Errorf("its typ is not %s", typ)
	}
	kid, _ := token.Header["kid"].(string)
	key := s.byKID[kid]
	if key == nil || Algorithm(token.Method.Alg()) != key.algorithm {
		return nil, errors.New("no signing key has its kid and alg")
	}
	return key.private.Public(), nil
}

func sameType(given, want string) bool {
	const prefix = "application/"
	if len(given) > len(prefix) && strings.EqualFold(given[:len(prefix)], prefix) {
		given = given[len(prefix):]
	}
	return strings.EqualFold(given, want)
}

func (c Claims) checkTimes(now time.Time) error {
	switch {
	case c.ExpiresAt.IsZero() || c.IssuedAt.IsZero() || len(c.Audience) == 0:
		return errors.New("it must have exp, iat and aud")
	case !now.Before(c.ExpiresAt.Time):
		return ErrTokenExpired
	case c.NotBefore.After(now.Add(clockSkew)) || c.IssuedAt.After(now.Add(clockSkew)):
		return errors.New("it is not valid yet")
	}
	return nil
}
