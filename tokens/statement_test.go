package tokens_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mintkey/tokens"
)

// What was signed once can be verified when the ring has dropped the key, and nothing else passes for it.
func TestStatementOutlivesItsKey(t *testing.T) {
	type statement struct {
		Root string `json:"root"`
	}
	const typ = "mintkey-test+jwt"
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	algorithms := everyAlgorithm()
	ring := openRing(t, newDocuments(), tokens.Options{Algorithms: algorithms, TokenLifetime: time.Hour}, now)
	for i, algorithm := range algorithms {
		signature, public, err := ring.SignStatement(now, algorithm, typ, statement{"abc"})
		if err != nil {
			t.Fatal(err)
		}
		_, otherPublic, err := ring.SignStatement(now, algorithms[(i+1)%3], typ, statement{"abc"})
		if err != nil {
			t.Fatal(err)
		}
		if err := ring.Rotate(t.Context(), now, true); err != nil {
			t.Fatal(err)
		}
		var read statement
		kid, err := tokens.VerifyStatement(signature, public, typ, &read)
		if err != nil || read.Root != "abc" || kid == "" {
			t.Errorf("%s: kid %q, read %+v, %v", algorithm, kid, read, err)
		}
		parts := strings.Split(signature, ".")
		for name, forged := range map[string][3]string{
			"other type":      {signature, public, "at+jwt"},
			"other key":       {signature, otherPublic, typ},
			"no key":          {signature, "", typ},
			"other claims":    {parts[0] + ".eyJyb290IjoieHl6In0." + parts[2], public, typ},
			"no signature":    {parts[0] + "." + parts[1] + ".", public, typ},
			"line break":      {signature + "\n", public, typ},
			"algorithm none":  {"eyJhbGciOiJub25lIiwidHlwIjoibWludGtleS10ZXN0K2p3dCJ9." + parts[1] + ".", public, typ},
			"not a JWS":       {"abc", public, typ},
			"two public keys": {signature, public + otherPublic, typ},
		} {
			if _, err := tokens.VerifyStatement(forged[0], forged[1], forged[2], &read); !errors.Is(err, tokens.ErrInvalidToken) {
				t.Errorf("%s: %s: error is %v, want ErrInvalidToken", algorithm, name, err)
			}
		}
	}
}
