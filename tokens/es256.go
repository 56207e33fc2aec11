package tokens

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// coordinateSize is the size in bytes of each half of an ES256 signature (RFC 7518 section 3.4).
const coordinateSize = 32

var errSignature = errors.New("the signature is not the ASN.1 of two numbers")

// signES256 signs the SHA-256 of a text deterministically (RFC 6979 section 3.2), which golang-jwt does not: that is faster, since no
// random numbers are drawn for each signature, and bad ones cannot leak the key.
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
