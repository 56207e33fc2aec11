package verify_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"mintkey/verify"
)

const jwksPath = "/.well-known/jwks.json"

// A rotation without notice, under constant traffic: the new key signs as soon as it is published.
func TestRotationRefusesNotOneGoodToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		end := time.Now().Add(2 * time.Minute)
		var traffic sync.WaitGroup
		for range 4 {
			traffic.Go(func() {
				for time.Now().Before(end) {
					if _, err := v.Verify(t.Context(), i.mint(i.status(3))); err != nil {
						t.Errorf("a good token is refused: %v", err)
					}
					time.Sleep(250 * time.Millisecond)
				}
			})
		}
		for _, kid := range []string{"es2", "es3", "es4", "es5"} {
			time.Sleep(20 * time.Second)
			i.addKey(kid, jwt.SigningMethodES256)
		}
		traffic.Wait()
		if n := i.count(jwksPath); n != 5 {
			t.Errorf("%d fetches of the signing keys, want one at the start and one for each new key", n)
		}
	})
}

func TestUnknownKIDIsAskedForOnceInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		mustVerify(t, v, i.mint(nil))
		stranger := (&issuerKey{"unknown", jwt.SigningMethodES256, i.keys[0].private}).sign(t, "at+jwt", i.claims(nil))
		flood := func() {
			for range 50 {
				wantError(t, v, stranger, verify.ErrInvalidToken)
			}
		}
		before := i.count(jwksPath)
		flood()
		time.Sleep(10*time.Second - time.Nanosecond)
		flood()
		if n := i.count(jwksPath) - before; n != 1 {
			t.Errorf("%d fetches in 10 s, want 1", n)
		}
		time.Sleep(time.Nanosecond)
		flood()
		if n := i.count(jwksPath) - before; n != 2 {
			t.Errorf("%d fetches after 10 s, want 2", n)
		}
	})
}

func TestManyWhoWaitForTheFirstKeysShareOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { mustVerify(t, v, i.mint(nil)) })
		}
		all.Wait()
		if n := i.count(jwksPath); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
	})
}

func TestValidationGoesOnWithoutTheIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		mustVerify(t, v, i.mint(i.status(1)))
		i.do(func() { i.down = true })
		for range 50 { // nobody can make new tokens now, but many have one
			time.Sleep(time.Minute)
			mustVerify(t, v, i.mint(i.status(2)))
		}
		wantError(t, v, (&issuerKey{"new", jwt.SigningMethodES256, i.keys[0].private}).sign(t, "at+jwt", i.claims(nil)), verify.ErrUnavailable)
		wantError(t, v, "x", verify.ErrInvalidToken)
	})
}

func TestStartingWithoutTheIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		i.down = true
		v := newVerifier(t, i)
		time.Sleep(time.Hour)
		wantError(t, v, i.mint(nil), verify.ErrUnavailable)
		i.do(func() { i.down = false })
		time.Sleep(30 * time.Second) // the longest back-off
		mustVerify(t, v, i.mint(nil))
		if n := i.count("/.well-known/oauth-authorization-server"); n > 150 {
			t.Errorf("%d requests in an hour, want about one in 30 s", n)
		}
	})
}

func TestAWithdrawnKeyTakesItsTokensWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		token := i.mint(object{"exp": time.Now().Add(time.Hour).Unix()})
		mustVerify(t, v, token)
		i.addKey("es2", jwt.SigningMethodES256)
		i.do(func() { i.keys = i.keys[1:] })
		time.Sleep(5 * time.Minute) // without a new kid to give it away
		wantError(t, v, token, verify.ErrInvalidToken)
		mustVerify(t, v, i.mint(nil))
	})
}

func TestAReusedKIDDoesNotKeepTheOldKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		token := i.mint(object{"exp": time.Now().Add(time.Hour).Unix()})
		mustVerify(t, v, token)
		i.do(func() { i.keys = nil })
		i.addKey("es1", jwt.SigningMethodES256)
		time.Sleep(5 * time.Minute)
		wantError(t, v, token, verify.ErrInvalidToken)
		mustVerify(t, v, i.mint(nil))
	})
}

func TestMetadataThatIsRefused(t *testing.T) {
	for name, edit := range map[string]func(object){
		"another issuer":       func(m object) { m["issuer"] = "https://evil.example" },
		"a slash more":         func(m object) { m["issuer"] = m["issuer"].(string) + "/" },
		"no issuer":            func(m object) { delete(m, "issuer") },
		"no jwks_uri":          func(m object) { delete(m, "jwks_uri") },
		"jwks_uri is no URL":   func(m object) { m["jwks_uri"] = "/jwks.json" },
		"jwks_uri of a file":   func(m object) { m["jwks_uri"] = "file:///etc/passwd" },
		"token_endpoint of no": func(m object) { m["token_endpoint"] = "ftp://issuer.test/" },
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.editMetadata = edit
			wantError(t, newVerifier(t, i), i.mint(nil), verify.ErrUnavailable)
		})
	}
}

func TestKeysThatAreNotUsed(t *testing.T) {
	for name, edit := range map[string]func(*jwkset.JWKMarshal){
		"for encryption": func(k *jwkset.JWKMarshal) { k.USE = jwkset.UseEnc },
		"without alg":    func(k *jwkset.JWKMarshal) { k.ALG = "" },
		"alg of others":  func(k *jwkset.JWKMarshal) { k.ALG = jwkset.AlgRS256 },
		"without kid":    func(k *jwkset.JWKMarshal) { k.KID = "" },
		"off the curve":  func(k *jwkset.JWKMarshal) { k.X = k.Y },
		"a shared secret": func(k *jwkset.JWKMarshal) {
			*k = jwkset.JWKMarshal{KID: k.KID, KTY: jwkset.KtyOct, ALG: "HS256", K: "c2VjcmV0"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			other := i.addKey("other", jwt.SigningMethodES256)
			i.editJWKS = func(set *jwkset.JWKSMarshal) { edit(&set.Keys[0]) }
			v := newVerifier(t, i)
			mustVerify(t, v, other.sign(t, "at+jwt", i.claims(nil))) // one odd key must not cost the others
			wantError(t, v, i.keys[0].sign(t, "at+jwt", i.claims(nil)), verify.ErrInvalidToken)
		})
	}
}

func TestAShortRSAKeyIsNotUsed(t *testing.T) {
	i := newIssuer(t)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	mustDo(t, err)
	weak := &issuerKey{"weak", jwt.SigningMethodRS256, short}
	i.keys = append(i.keys, weak)
	wantError(t, newVerifier(t, i), weak.sign(t, "at+jwt", i.claims(nil)), verify.ErrInvalidToken)
}

func TestTheFirstOfTwoKeysWithOneKIDCounts(t *testing.T) {
	i := newIssuer(t)
	first, second := i.keys[0], i.addKey("es1", jwt.SigningMethodES256)
	v := newVerifier(t, i)
	mustVerify(t, v, first.sign(t, "at+jwt", i.claims(nil)))
	wantError(t, v, second.sign(t, "at+jwt", i.claims(nil)), verify.ErrInvalidToken)
}

func TestAnIssuerDoesNotLeadOutOfTLS(t *testing.T) {
	i := newIssuer(t)
	plain := i.url
	safe := httptest.NewTLSServer(http.HandlerFunc(i.metadata))
	defer safe.Close()
	i.url, i.client = safe.URL, safe.Client()
	i.editMetadata = func(m object) { m["jwks_uri"] = plain + jwksPath }
	wantError(t, newVerifier(t, i), i.mint(nil), verify.ErrUnavailable)
	if n := i.count(jwksPath); n != 0 {
		t.Errorf("%d requests for signing keys without TLS", n)
	}
}

func TestACallerNeedNotWait(t *testing.T) {
	i := newIssuer(t)
	release := make(chan struct{})
	i.serveList = func(w http.ResponseWriter, _ *http.Request) {
		<-release
		w.WriteHeader(http.StatusNotFound)
	}
	v := newVerifier(t, i)
	defer close(release)
	mustVerify(t, v, i.mint(nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Verify(ctx, i.mint(i.status(1)))
	if !errors.Is(err, verify.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("Verify = %v, want ErrUnavailable because of context.Canceled", err)
	}
}

func TestTheDefaultClient(t *testing.T) {
	i := newIssuer(t)
	mustVerify(t, newVerifier(t, i, func(c *verify.Config) { c.HTTPClient = nil }), i.mint(i.status(1)))
}

func TestAnEmptyJWKSetIsAnAccident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		var heard events
		v := newVerifier(t, i, heard.record)
		mustVerify(t, v, i.mint(nil))
		i.do(func() { i.editJWKS = func(set *jwkset.JWKSMarshal) { set.Keys = nil } })
		time.Sleep(6 * time.Minute)
		mustVerify(t, v, i.mint(nil))
		fetches := heard.of(verify.EventKeys)
		if fetches[0].Err != nil || fetches[len(fetches)-1].Err == nil {
			t.Errorf("events %v, want a good one first and a failure last", fetches)
		}
	})
}

func TestAnIssuerWithAPath(t *testing.T) {
	i := newIssuer(t)
	plain := i.url
	i.url += "/eu"
	i.editMetadata = func(m object) { m["jwks_uri"] = plain + jwksPath }
	v := newVerifier(t, i)
	wantError(t, v, i.mint(nil), verify.ErrUnavailable)
	if i.count("/.well-known/oauth-authorization-server/eu") == 0 {
		t.Errorf("asked for %v, want the well-known path before the issuer's own (RFC 8414 section 3.1)", i.requests)
	}
}
