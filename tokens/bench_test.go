package tokens_test

import (
	"crypto/rand"
	"testing"

	"mintkey/tokens"
)

func BenchmarkSign(b *testing.B) {
	ring := openRing(b, newDocuments(), tokens.Options{Algorithms: everyAlgorithm()}, start)
	for _, algorithm := range everyAlgorithm() {
		b.Run(string(algorithm), func(b *testing.B) {
			claims := claimsAt(start)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Sign(start, algorithm, tokens.TypeAccessToken, &claims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	ring := openRing(b, newDocuments(), tokens.Options{Algorithms: everyAlgorithm()}, start)
	for _, algorithm := range everyAlgorithm() {
		b.Run(string(algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				claims := claimsAt(start)
				claims.ID = rand.Text() // else it would be the same token, which was verified before
				fresh, err := ring.Sign(start, algorithm, tokens.TypeAccessToken, claims)
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if _, err := ring.Verify(fresh, tokens.TypeAccessToken, start); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyAgain is a token that was seen before, as gateways send them.
func BenchmarkVerifyAgain(b *testing.B) {
	ring := openRing(b, newDocuments(), tokens.Options{}, start)
	token := sign(b, ring, tokens.ES256, start)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Verify(token, tokens.TypeAccessToken, start); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefreshWithoutChange(b *testing.B) {
	ring := openRing(b, newDocuments(), tokens.Options{Algorithms: everyAlgorithm()}, start)
	b.ReportAllocs()
	for b.Loop() {
		if err := ring.Refresh(b.Context(), start); err != nil {
			b.Fatal(err)
		}
	}
}
