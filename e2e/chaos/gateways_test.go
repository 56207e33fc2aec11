package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mintkey/e2e/internal/e2etest"
	"mintkey/verify"
)

// gateway is one of the three kinds, on one server.
type gateway struct {
	name string
	// refuses is nil once it refuses the token.
	refuses func(token string) error
	// prime shows it a good token, so that it has the lists that it will go by.
	prime func(token string) error
}

var errAccepted = errors.New("it lets a token of a revoked key pass")

// startGateways starts three on each server: one that polls the status lists, one that hears by push and polls too seldom to hear
// otherwise, and one that asks at /oauth2/forward-auth.
func (r *run) startGateways() {
	r.t.Helper()
	id, secret, a := r.createFor(r.first.UserID, "tokens:introspect")
	if a.status != http.StatusCreated {
		r.t.Fatalf("a key for the gateways: %v", a)
	}
	push := &verify.Push{ClientID: id, ClientSecret: secret}
	for _, c := range r.clients {
		r.watch = append(r.watch,
			verifying(r.t, "status lists of "+c.base, r.servers[0].URL, c.base, time.Second, nil),
			verifying(r.t, "push of "+c.base, r.servers[0].URL, c.base, time.Hour, push),
			&gateway{name: "forward-auth at " + c.base, refuses: c.refuses, prime: c.accepts})
	}
	var token string
	e2etest.Eventually(r.t, "a token to show the gateways", func() error {
		token, a = r.anyClient().ask(r.model.keys[0].id, r.model.keys[0].secret)
		return a.err
	})
	for _, g := range r.watch {
		e2etest.Eventually(r.t, g.name, func() error { return g.prime(token) })
	}
}

// createFor makes a key with one scope.
func (r *run) createFor(userID, scope string) (id, secret string, a answer) {
	a = r.clients[0].do(http.MethodPost, r.keysPath(), map[string]any{"user_id": userID, "scopes": []string{scope}})
	var body e2etest.FirstKey
	a.decode(&body)
	return body.ClientID, body.ClientSecret, a
}

func verifying(t *testing.T, name, issuer, base string, interval time.Duration, push *verify.Push) *gateway {
	t.Helper()
	to, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	pushed := make(chan struct{}, 1)
	v, err := verify.New(context.Background(), verify.Config{
		Issuer: issuer, Audience: audience, StatusInterval: interval, Push: push, Leeway: time.Minute,
		HTTPClient: &http.Client{Transport: redirected{to}},
		OnEvent: func(e verify.Event) {
			if e.Kind == verify.EventPush && e.Err == nil {
				select {
				case pushed <- struct{}{}:
				default:
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return &gateway{
		name: name,
		prime: func(token string) error {
			if _, err := v.Verify(t.Context(), token); err != nil || push == nil {
				return err
			}
			select {
			case <-pushed:
				return nil
			case <-time.After(e2etest.Patience):
				return errors.New("the stream does not open")
			}
		},
		refuses: func(token string) error {
			_, err := v.Verify(context.Background(), token)
			switch {
			case err == nil:
				return errAccepted
			case errors.Is(err, verify.ErrInvalidToken):
				return nil
			}
			return err
		},
	}
}

// redirected sends every request to one server, whatever the issuer calls itself: as behind a balancer that has chosen it.
type redirected struct{ to *url.URL }

func (r redirected) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = r.to.Scheme, r.to.Host
	return http.DefaultTransport.RoundTrip(request)
}

func (c *client) refuses(token string) error {
	a := c.doAs(token, http.MethodGet, "/oauth2/forward-auth", nil)
	switch {
	case a.err != nil:
		return a.err
	case a.status == http.StatusUnauthorized:
		return nil
	case a.status/100 == 2:
		return errAccepted
	}
	return errors.New(a.String())
}

func (c *client) accepts(token string) error {
	if err := c.refuses(token); !errors.Is(err, errAccepted) {
		return fmt.Errorf("forward-auth with a good token: %w", err)
	}
	return nil
}

// statusClaims are the part of a token that says where its revocation is announced.
type statusClaims struct {
	jwt.RegisteredClaims
	Status struct {
		List struct {
			Index int    `json:"idx"`
			URI   string `json:"uri"`
		} `json:"status_list"`
	} `json:"status"`
}

func claimsOf(token string) (statusClaims, error) {
	var claims statusClaims
	_, _, err := jwt.NewParser().ParseUnverified(token, &claims)
	return claims, err
}
