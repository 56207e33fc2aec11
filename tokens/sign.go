package tokens

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TypeAccessToken is the typ of an access token (RFC 9068 section 2.1).
const TypeAccessToken = "at+jwt"

// typicalClaims is the size in bytes up to which claims need no memory of their own.
const typicalClaims = 1 << 10

// Sign makes a JWT of the claims, anything that marshals to a JSON object, with the signing key of the algorithm that is
// active at now. It fails for an algorithm that is not in Options.Algorithms. A *Claims is signed fastest.
func (r *KeyRing) Sign(now time.Time, algorithm Algorithm, typ string, claims any) (string, error) {
	line := r.current.Load().byAlgorithm[algorithm]
	if len(line) == 0 {
		return "", fmt.Errorf("there is no signing key for %q", string(algorithm))
	}
	key := line[line.active(now)]
	var space [typicalClaims]byte
	var body []byte
	var err error
	if known, ok := claims.(*Claims); ok {
		body = known.appendJSON(space[:0])
	} else if body, err = json.Marshal(claims); err != nil {
		return "", fmt.Errorf("encoding claims: %w", err)
	}
	header, err := key.header(typ)
	if err != nil {
		return "", err
	}
	return key.sign(header, body)
}

// sign makes a JWT (RFC 7515 section 7.1) in one piece of memory: what is signed is the beginning of what is returned.
func (k *signingKey) sign(header string, body []byte) (string, error) {
	encoding := base64.RawURLEncoding
	var space [3 * typicalClaims]byte
	token := append(space[:0], header...)
	token = encoding.AppendEncode(append(token, '.'), body)
	var signature []byte
	var err error
	if private, ok := k.private.(*ecdsa.PrivateKey); ok {
		var both [2 * coordinateSize]byte
		both, err = signES256(private, sha256.Sum256(token))
		signature = both[:]
	} else {
		signature, err = k.algorithm.method().Sign(string(token), k.private)
	}
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	token = encoding.AppendEncode(append(token, '.'), signature)
	return string(token), nil
}

// header is the encoded JOSE header of a token of the type. That of an access token is made once for each signing key.
func (k *signingKey) header(typ string) (string, error) {
	if typ == TypeAccessToken && k.accessHeader != "" {
		return k.accessHeader, nil
	}
	text, err := json.Marshal(struct {
		Algorithm Algorithm `json:"alg"`
		KID       string    `json:"kid"`
		Type      string    `json:"typ"`
	}{k.algorithm, k.kid, typ})
	return base64.RawURLEncoding.EncodeToString(text), err
}

// payload passes claims of any kind through golang-jwt's parser as they are. It embeds a jwt.Claims to satisfy the library,
// whose own view of the claims is never used.
type payload struct {
	jwt.RegisteredClaims
	claims any
}

// UnmarshalJSON reads the claims alone.
func (p *payload) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, p.claims) }
