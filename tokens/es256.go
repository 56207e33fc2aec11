package tokens

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// es256 is golang-jwt's ES256, except that it signs deterministically (RFC 6979 section 3.2): that is faster, since no random numbers are
// drawn for each signature, and bad ones cannot leak the key. Verification is the library's.
type es256 struct{ *jwt.SigningMethodECDSA }

// coordinateSize is the size in bytes of each half of an ES256 signature (RFC 7518 section 3.4).
const coordinateSize = 32

var errSignature = errors.New("the signature is not the ASN.1 of two numbers")

// Sign implements jwt.SigningMethod.
func (m es256) Sign(text string, key any) ([]byte, error) {
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}
	signature, err := signES256(private, sha256.Sum256([]byte(text)))
	if err != nil {
		return nil, err
	}
	return signature[:], nil
}

// signES256 signs the SHA-256 of a text.
func signES256(private *ecdsa.PrivateKey, sum [sha256.Size]byte) (signature [2 * coordinateSize]byte, err error) {
	// A nil source of random numbers asks for a deterministic signature.
	der, err := private.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return signature, err
	}
	return joseSignature(der)
}

// joseSignature turns the form of X.509 into that of JOSE: both numbers in full length.
func joseSignature(der []byte) (signature [2 * coordinateSize]byte, err error) {
	input := cryptobyte.String(der)
	var numbers cryptobyte.String
	var r, s []byte
	if !input.ReadASN1(&numbers, asn1.SEQUENCE) || !input.Empty() ||
		!numbers.ReadASN1Integer(&r) || !numbers.ReadASN1Integer(&s) || !numbers.Empty() ||
		len(r) > coordinateSize || len(s) > coordinateSize {
		return signature, errSignature
	}
	copy(signature[coordinateSize-len(r):], r)
	copy(signature[2*coordinateSize-len(s):], s)
	return signature, nil
}
