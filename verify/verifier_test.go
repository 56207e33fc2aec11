package verify_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"mintkey/verify"
)

// newVerifier trusts the issuer, with some of the configuration changed.
func newVerifier(t testing.TB, i *issuer, changes ...func(*verify.Config)) *verify.Verifier {
	t.Helper()
	config := verify.Config{Issuer: i.url, Audience: audience, HTTPClient: i.client}
	for _, change := range changes {
		change(&config)
	}
	v, err := verify.New(context.WithoutCancel(t.Context()), config)
	mustDo(t, err)
	t.Cleanup(v.Close)
	return v
}

func mustVerify(t testing.TB, v *verify.Verifier, token string) verify.Claims {
	t.Helper()
	claims, err := v.Verify(t.Context(), token)
	mustDo(t, err)
	return claims
}

func wantError(t testing.TB, v *verify.Verifier, token string, want error) {
	t.Helper()
	if claims, err := v.Verify(t.Context(), token); !errors.Is(err, want) {
		t.Errorf("Verify = %v, %v, want %v", claims, err, want)
	}
}

// events is a metric of a kind.
type events struct {
	mu  sync.Mutex
	all []verify.Event
}

func (e *events) on(event verify.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) of(kind verify.EventKind) (found []verify.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.all {
		if event.Kind == kind {
			found = append(found, event)
		}
	}
	return found
}

func (e *events) record(config *verify.Config) { config.OnEvent = e.on }

func TestGoodToken(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	token := i.mint(i.status(7))
	want := verify.Claims{
		Issuer: i.url, Subject: "mk_1", ClientID: "mk_1", Audience: []string{audience}, Scope: "orders:read orders:write",
		TenantID: "acme-test", AccountID: "acme", UserID: "ada", Status: &verify.StatusReference{Index: 7, URI: i.url + listPath},
	}
	for range 2 { // the second comes out of the cache
		got := mustVerify(t, v, token)
		if life := got.ExpiresAt.Sub(got.IssuedAt); life != 15*time.Minute || !got.NotBefore.Equal(got.IssuedAt) || got.ID == "" {
			t.Errorf("a life of %s from %s, nbf %s, jti %q", life, got.IssuedAt, got.NotBefore, got.ID)
		}
		got.ExpiresAt, got.IssuedAt, got.NotBefore, got.ID = time.Time{}, time.Time{}, time.Time{}, ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
	}
}

func TestEveryAlgorithm(t *testing.T) {
	i := newIssuer(t)
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodRS256, jwt.SigningMethodEdDSA, jwt.SigningMethodES256} {
		i.addKey("key of "+method.Alg(), method)
	}
	all, one := newVerifier(t, i), newVerifier(t, i, func(c *verify.Config) { c.Algorithms = []string{"EdDSA"} })
	for _, key := range i.keys {
		token := key.sign(t, "at+jwt", i.claims(nil))
		mustVerify(t, all, token)
		if _, err := one.Verify(t.Context(), token); (err == nil) != (key.method == jwt.SigningMethodEdDSA) {
			t.Errorf("%s where only EdDSA is allowed: %v", key.kid, err)
		}
	}
}

func TestTypeIsComparedAsAMediaType(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	for _, typ := range []string{"at+jwt", "AT+JWT", "application/at+jwt", "Application/At+JWT"} {
		mustVerify(t, v, i.signer().sign(t, typ, i.claims(nil)))
	}
	for _, typ := range []string{"JWT", "", "at+jwt ", "application/", "text/at+jwt", "application/application/at+jwt", "statuslist+jwt"} {
		wantError(t, v, i.signer().sign(t, typ, i.claims(nil)), verify.ErrInvalidToken)
	}
}

func TestOneOfSeveralAudiences(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	mustVerify(t, v, i.mint(object{"aud": []string{"other", audience}}))
}

func TestTimeOfAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newBubbleIssuer(t)
		v := newVerifier(t, i)
		exp := time.Now().Add(time.Minute)
		token := i.mint(object{"exp": exp.Unix()})
		early := i.mint(object{"nbf": time.Now().Add(10 * time.Second).Unix()})
		wantError(t, v, early, verify.ErrInvalidToken)
		time.Sleep(5*time.Second - time.Nanosecond)
		wantError(t, v, early, verify.ErrInvalidToken)
		time.Sleep(time.Nanosecond)
		mustVerify(t, v, early) // the issuer's clock may be 5 s ahead

		time.Sleep(time.Until(exp) - time.Nanosecond)
		mustVerify(t, v, token)
		time.Sleep(time.Nanosecond)
		wantError(t, v, token, verify.ErrExpired) // known and good until now
		wantError(t, v, token, verify.ErrInvalidToken)
		wantError(t, newVerifier(t, i), token, verify.ErrExpired) // never seen
	})
}

func TestTheClockIsAnArgument(t *testing.T) {
	i := newIssuer(t)
	later := newVerifier(t, i, func(c *verify.Config) { c.Now = func() time.Time { return time.Now().Add(time.Hour) } })
	wantError(t, later, i.mint(nil), verify.ErrExpired)
}

func TestEventsTellWhatHappened(t *testing.T) {
	i := newIssuer(t)
	var heard events
	v := newVerifier(t, i, heard.record)
	token := i.mint(nil)
	mustVerify(t, v, token)
	mustVerify(t, v, token)
	_, err := v.Verify(t.Context(), "x")
	want := []verify.Event{
		{Kind: verify.EventVerified}, {Kind: verify.EventVerified, Cached: true}, {Kind: verify.EventVerified, Err: err},
	}
	same := cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })
	if diff := cmp.Diff(want, heard.of(verify.EventVerified), same); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	token := i.mint(i.status(1))
	mustVerify(t, v, token)
	v.Close()
	wantError(t, v, token, verify.ErrUnavailable)
	v.Close() // a second time is nothing
	before := i.count(listPath)
	wantError(t, v, i.mint(i.status(2)), verify.ErrUnavailable)
	if after := i.count(listPath); after != before {
		t.Errorf("%d requests after Close", after-before)
	}
}

func TestTheContextOfNewEndsEverything(t *testing.T) {
	i := newIssuer(t)
	ctx, cancel := context.WithCancel(t.Context())
	v, err := verify.New(ctx, verify.Config{Issuer: i.url, Audience: audience, HTTPClient: i.client})
	mustDo(t, err)
	token := i.mint(nil)
	mustVerify(t, v, token)
	cancel()
	wantError(t, v, token, verify.ErrUnavailable)
	v.Close()
}
