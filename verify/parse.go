package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// ed25519Named is EdDSA by the name of RFC 9864, which golang-jwt does not know.
type ed25519Named struct{ *jwt.SigningMethodEd25519 }

// Alg is the name in the header of a token.
func (ed25519Named) Alg() string { return nameOfRFC9864 }

func newParser(config Config, options ...jwt.ParserOption) *jwt.Parser {
	names := config.Algorithms
	if slices.Contains(names, nameOfRFC8037) {
		names = append(slices.Clone(names), nameOfRFC9864)
		jwt.RegisterSigningMethod(nameOfRFC9864, func() jwt.SigningMethod { return ed25519Named{jwt.SigningMethodEdDSA} })
	}
	return jwt.NewParser(append(options,
		jwt.WithValidMethods(names),
		jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(config.Leeway), // for exp too, which is why exp is looked at again
		jwt.WithTimeFunc(config.Now),
	)...)
}

func (v *Verifier) parse(ctx context.Context, token string) (verified, error) {
	var payload accessToken
	key, err := parseSigned(ctx, v.parser, v.keys, token, "at+jwt", &payload)
	if errors.Is(err, jwt.ErrTokenExpired) {
		return verified{}, ErrExpired
	}
	if err != nil {
		return verified{}, err
	}
	return verified{payload.claims(), key}, nil
}

// parseSigned reads a JWT that a key of the issuer has signed as one of the given type, and returns that key.
func parseSigned(
	ctx context.Context, parser *jwt.Parser, keys *keyring, token, typ string, payload jwt.Claims,
) (signer *signingKey, err error) {
	if strings.ContainsAny(token, "\r\n") { // which encoding/base64 skips, even when strict
		return nil, errors.New("it contains a line break")
	}
	_, err = parser.ParseWithClaims(token, payload, func(token *jwt.Token) (any, error) {
		if len(token.Header) != 3 { // crit, jwk, jku, x5u and their like are never in a token of the issuer
			return nil, errors.New("the header must have alg, kid and typ and nothing else")
		}
		if given, _ := token.Header["typ"].(string); !isType(given, typ) {
			return nil, fmt.Errorf("its typ is not %s", typ)
		}
		kid, _ := token.Header["kid"].(string)
		if signer, err = keys.key(ctx, kid); err != nil {
			return nil, err
		}
		if algorithmNamed(token.Method.Alg()) != signer.algorithm {
			return nil, fmt.Errorf("its alg is not that of the signing key, %s", signer.algorithm)
		}
		return signer.public, nil
	})
	return signer, err
}

// isType compares media types as RFC 7515 section 4.1.9 does.
func isType(given, want string) bool {
	const prefix = "application/"
	if len(given) > len(prefix) && strings.EqualFold(given[:len(prefix)], prefix) {
		given = given[len(prefix):]
	}
	return strings.EqualFold(given, want)
}
