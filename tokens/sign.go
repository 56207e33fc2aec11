package tokens

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TypeAccessToken is the typ of an access token (RFC 9068 section 2.1).
const TypeAccessToken = "at+jwt"

// Sign makes a JWT of the claims, anything that marshals to a JSON object, with the signing key of the algorithm that is
// active at now. It fails for an algorithm that is not in Options.Algorithms.
func (r *KeyRing) Sign(now time.Time, algorithm Algorithm, typ string, claims any) (string, error) {
	line := r.current.Load().byAlgorithm[algorithm]
	if len(line) == 0 {
		return "", fmt.Errorf("there is no signing key for %q", string(algorithm))
	}
	key := line[line.active(now)]
	token := jwt.NewWithClaims(algorithm.method(), payload{claims: claims})
	token.Header["typ"] = typ
	token.Header["kid"] = key.kid
	signed, err := token.SignedString(key.private)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed, nil
}

// payload passes claims of any kind through golang-jwt as they are. It embeds a jwt.Claims to satisfy the library,
// whose own view of the claims is never used.
type payload struct {
	jwt.RegisteredClaims
	claims any
}

// MarshalJSON writes the claims alone.
func (p payload) MarshalJSON() ([]byte, error) { return json.Marshal(p.claims) }

// UnmarshalJSON reads the claims alone.
func (p *payload) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, p.claims) }
