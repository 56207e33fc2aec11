package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/e2e/internal/e2etest"
)

// The real gateways, each with its file of configs/gateways, in front of one API.
func TestGateways(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var gateways []*gateway
	for _, kind := range gatewayKinds() {
		gateways = append(gateways, s.startGateway(kind))
	}
	for _, g := range gateways {
		g.awaitReady()
	}
	testAcceptance(t, s, gateways)
	testForgeries(t, s, gateways)
	testExpiry(t, s, gateways)
	testRevocation(t, s, gateways)
	testRotation(t, s, gateways)
	testOutage(t, s, gateways)
}

// gatewayKind is one way to set up one product.
type gatewayKind struct {
	name string
	// offline says that the gateway judges tokens without asking the issuer.
	offline bool
	// learns is when it refuses a token whose access key has been revoked.
	learns moment
	// start installs its files and starts it.
	start func(*site, *gateway)
}

type moment int

const (
	atOnce   moment = iota // the next request
	soon                   // when it hears of the revocation
	atExpiry               // never, but the token expires
)

func gatewayKinds() []gatewayKind {
	return []gatewayKind{
		{"nginx, forward-auth", false, atOnce, startNginxForwardAuth},
		{"nginx, introspection", false, atOnce, startNginxIntrospection},
		{"Caddy, forward-auth", false, atOnce, startCaddy},
		{"Apache mod_auth_openidc, introspection", false, atOnce, startAuthOpenIDCIntrospection},
		{"Apache mod_oauth2, introspection", false, atOnce, startOAuth2Introspection},
		{"Apache mod_auth_openidc, JWKS", true, atExpiry, startAuthOpenIDC},
		{"Apache mod_oauth2, JWKS", true, atExpiry, startOAuth2},
		{"HAProxy, PEM", true, atExpiry, startHAProxy},
		{"Node, JWKS", true, atExpiry, startNodeWithoutStatusLists},
		{"Node, status lists", true, soon, startNode},
		{"Go, status lists", true, soon, startGo},
		{"Go, push", true, soon, startGoWithPush},
	}
}

// gateway is one that runs.
type gateway struct {
	gatewayKind
	t        *testing.T
	address  string
	folder   string
	upstream *upstream
	asked    atomic.Int64
	// reload, if set, is what the gateway needs when there is a new signing key.
	reload func() error
}

func (s *site) startGateway(kind gatewayKind) *gateway {
	s.t.Helper()
	g := &gateway{gatewayKind: kind, t: s.t, address: e2etest.FreeAddress(s.t), folder: s.folder(), upstream: s.upstream}
	kind.start(s, g)
	return g
}

func (g *gateway) awaitReady() {
	g.t.Helper()
	e2etest.Eventually(g.t, g.name, func() error {
		status, _, err := g.ask("")
		if err == nil && status != http.StatusUnauthorized {
			err = fmt.Errorf("it answers %d", status)
		}
		return err
	})
}

func (g *gateway) write(name, text string) string {
	g.t.Helper()
	path := filepath.Join(g.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// presenter puts a token into a request.
type presenter func(h http.Header, token string)

func inHeader(h http.Header, token string) { h.Set("Authorization", "Bearer "+token) }

// inCookie is how LoadRunner plugins do it, which then send no Authorization.
func inCookie(h http.Header, token string) { h.Set("Cookie", "a=b; LWSSO_COOKIE_KEY="+token+"; c=d") }

// ask is askBy with the token in the Authorization header.
func (g *gateway) ask(token string) (int, map[string][]string, error) {
	return g.askBy(inHeader, token)
}

// askBy sends a request with the token and with identity headers that the client has made up. It returns the status, and the identity that
// arrived at the API, nil if the request has not arrived. A request that arrives though it is refused is an error.
func (g *gateway) askBy(present presenter, token string) (int, map[string][]string, error) {
	path := fmt.Sprintf("/%p/%d", g, g.asked.Add(1))
	request, err := http.NewRequest(http.MethodGet, "http://"+g.address+path, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		present(request.Header, token)
	}
	for _, name := range []string{"X-Mintkey-Client-Id", "X-Mintkey-Tenant-Id", "X-Mintkey-User-Id", "X-Mintkey-Scope"} {
		request.Header.Set(name, "made-up")
		request.Header[strings.ReplaceAll(name, "-", "_")] = []string{"made-up"} // which CGI takes for the same
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, nil, err
	}
	if response.StatusCode == http.StatusUnauthorized && response.Header.Get("WWW-Authenticate") == "" {
		return 0, nil, fmt.Errorf("%s answers 401 without a challenge (RFC 9110 section 15.5.2)", g.name)
	}
	identity, arrived := g.upstream.arrived(path)
	if arrived != (response.StatusCode == http.StatusOK) {
		return 0, nil, fmt.Errorf("%s answers %d, and whether the request has reached the API is: %t", g.name, response.StatusCode, arrived)
	}
	return response.StatusCode, identity, nil
}

func testAcceptance(t *testing.T, s *site, gateways []*gateway) {
	key := s.client("accepted")
	token := s.admin.mustFetch(key)
	want := map[string][]string{
		"client-id": {key.ClientID}, "tenant-id": {s.first.TenantID}, "user-id": {"accepted"}, "scope": {"api"},
	}
	for _, g := range gateways {
		t.Run("accept/"+g.name, func(t *testing.T) {
			for name, present := range map[string]presenter{"header": inHeader, "cookie": inCookie} {
				status, identity, err := g.askBy(present, token)
				if err != nil || status != http.StatusOK {
					t.Fatalf("a good token in the %s: %v %d", name, err, status)
				}
				if diff := cmp.Diff(want, identity); diff != "" {
					t.Errorf("who calls, by the %s (-token +API):\n%s", name, diff)
				}
			}
			status, _, err := g.askBy(func(h http.Header, token string) {
				inCookie(h, token)
				inHeader(h, changeSignature(token))
			}, token)
			if err != nil || status != http.StatusUnauthorized {
				t.Errorf("a good token in the cookie beside a bad one in the header: %v %d", err, status)
			}
		})
	}
}

// refuses is nil if the gateway answers the token with 401.
func (g *gateway) refuses(token string) error {
	status, _, err := g.ask(token)
	if err == nil && status != http.StatusUnauthorized {
		err = fmt.Errorf("%s answers %d; want 401", g.name, status)
	}
	return err
}

// accepts is nil if the gateway lets the token pass.
func (g *gateway) accepts(token string) error {
	status, _, err := g.ask(token)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answers %d; want 200", g.name, status)
	}
	return err
}
