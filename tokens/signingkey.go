package tokens

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/MicahParks/jwkset"
)

// signingKey is a key pair, parsed once and never changed.
type signingKey struct {
	kid        string
	algorithm  Algorithm
	createdAt  time.Time
	activeFrom time.Time
	// unusedSince is when a server found that none of its settings names the algorithm; zero while it is in use.
	unusedSince time.Time
	private     crypto.Signer
	jwk         jwkset.JWKMarshal // public members only
	publicPEM   string
	// accessHeader is the encoded JOSE header of the access tokens that it signs.
	accessHeader string
}

// newSigningKey derives the kid from the key itself, so that two keys can never share one. The algorithm is needed where
// the private key allows two names; it may be empty otherwise, and for EdDSA.
func newSigningKey(private crypto.Signer, createdAt, activeFrom time.Time, named Algorithm) (*signingKey, error) {
	algorithm, err := algorithmOf(private)
	if err != nil {
		return nil, err
	}
	if named != "" {
		if named.kind() != algorithm {
			return nil, fmt.Errorf("a signing key for %s cannot make %s", algorithm, named)
		}
		algorithm = named
	}
	metadata := jwkset.JWKMetadataOptions{ALG: jwkset.ALG(algorithm.kind()), USE: jwkset.UseSig}
	jwk, err := jwkset.NewJWKFromKey(private.Public(), jwkset.JWKOptions{Metadata: metadata})
	if err != nil {
		return nil, fmt.Errorf("describing a signing key: %w", err)
	}
	public := jwk.Marshal()
	public.ALG = jwkset.ALG(algorithm)
	if public.KID, err = thumbprint(public); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("describing a signing key: %w", err)
	}
	key := &signingKey{
		kid:        public.KID,
		algorithm:  algorithm,
		createdAt:  createdAt,
		activeFrom: activeFrom,
		private:    private,
		jwk:        public,
		publicPEM:  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}
	key.accessHeader, err = key.header(TypeAccessToken)
	return key, err
}

// notedAsUnused returns the key with another unusedSince.
func (k *signingKey) notedAsUnused(since time.Time) *signingKey {
	noted := *k
	noted.unusedSince = since
	return &noted
}

// thumbprint is that of RFC 7638: the SHA-256 of the required members, ordered by name, without space.
func thumbprint(jwk jwkset.JWKMarshal) (string, error) {
	required, err := json.Marshal(struct {
		CRV jwkset.CRV `json:"crv,omitempty"`
		E   string     `json:"e,omitempty"`
		KTY jwkset.KTY `json:"kty"`
		N   string     `json:"n,omitempty"`
		X   string     `json:"x,omitempty"`
		Y   string     `json:"y,omitempty"`
	}{jwk.CRV, jwk.E, jwk.KTY, jwk.N, jwk.X, jwk.Y})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(required)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
