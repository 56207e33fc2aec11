package tokens

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is a JWS signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
type Algorithm string

// The algorithms that a signing key can have.
const (
	ES256 Algorithm = "ES256" // ECDSA on P-256: the default
	RS256 Algorithm = "RS256" // RSA of 2048 bits, for gateways that support nothing else; signs about 30 times slower
	EdDSA Algorithm = "EdDSA" // with Ed25519, by the name of RFC 8037
	// Ed25519 is the same by the name of RFC 9864, which deprecates the other. It has signing keys of its own: verifiers hold the alg of a
	// token against that of the JWK with its kid, and keep JWKs for long, so no signing key ever changes its name.
	Ed25519 Algorithm = "Ed25519"
)

// kind is the algorithm by its older name, if it has two.
func (a Algorithm) kind() Algorithm {
	if a == Ed25519 {
		return EdDSA
	}
	return a
}

// ed25519Named is EdDSA by its other name, which golang-jwt does not know.
type ed25519Named struct{ *jwt.SigningMethodEd25519 }

// Alg is the name in the header of a token.
func (ed25519Named) Alg() string { return string(Ed25519) }

const rsaBits = 2048

// ParseAlgorithm reads the name of an algorithm, in the spelling of its RFC.
func ParseAlgorithm(name string) (Algorithm, error) {
	switch algorithm := Algorithm(name); algorithm {
	case ES256, RS256, EdDSA, Ed25519:
		return algorithm, nil
	default:
		return "", fmt.Errorf("unknown signing algorithm %q: use ES256, RS256, EdDSA or Ed25519", name)
	}
}

// method signs for RS256 and EdDSA; signES256 does so for ES256. It is nil for any other algorithm.
func (a Algorithm) method() jwt.SigningMethod {
	switch a.kind() {
	case RS256:
		return jwt.SigningMethodRS256
	case EdDSA:
		return jwt.SigningMethodEdDSA
	default:
		return nil
	}
}

func (a Algorithm) generate() (crypto.Signer, error) {
	switch a.kind() {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	default:
		return nil, fmt.Errorf("no signing key can be made for algorithm %q", string(a))
	}
}

// algorithmOf is the only algorithm that this server uses with a private key of this kind.
func algorithmOf(private any) (Algorithm, error) {
	switch private.(type) {
	case *ecdsa.PrivateKey:
		return ES256, nil
	case *rsa.PrivateKey:
		return RS256, nil
	case ed25519.PrivateKey:
		return EdDSA, nil
	default:
		return "", fmt.Errorf("a signing key of an unknown kind, %T", private)
	}
}
