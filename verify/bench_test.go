package verify_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mintkey/verify"
)

// BenchmarkVerify is one verification, with a status list, of a token that is new and of one that is known.
func BenchmarkVerify(b *testing.B) {
	i := newIssuer(b)
	i.addKey("rs1", jwt.SigningMethodRS256)
	i.addKey("ed1", jwt.SigningMethodEdDSA)
	known := newVerifier(b, i)
	unknown := newVerifier(b, i, func(c *verify.Config) { c.CacheSize = -1 })
	for _, key := range i.keys {
		claims := i.status(7)
		claims["exp"] = time.Now().Add(time.Hour).Unix()
		token := key.sign(b, "at+jwt", i.claims(claims))
		for name, v := range map[string]*verify.Verifier{"cached": known, "new": unknown} {
			mustVerify(b, v, token)
			b.Run(key.method.Alg()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(each *testing.PB) {
					for each.Next() {
						if _, err := v.Verify(b.Context(), token); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

// BenchmarkVerifyDistinct is one verification of 100,000 tokens that are all known, as a busy gateway has them, and the memory of the
// cache for each.
func BenchmarkVerifyDistinct(b *testing.B) {
	const many = 100_000
	i := newIssuer(b)
	v := newVerifier(b, i, func(c *verify.Config) { c.CacheSize = many })
	claims := i.status(7)
	claims["exp"] = time.Now().Add(time.Hour).Unix()
	all := make([]string, many)
	for n := range all {
		all[n] = i.mint(claims)
	}
	before := liveBytes()
	for _, token := range all {
		mustVerify(b, v, token)
	}
	each := (liveBytes() - before) / many
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), all[n%many]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(each), "B/token")
}

func liveBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
