package server_test

import (
	"net/netip"
	"strings"
	"testing"

	"mintkey/server"
)

// An operator hears once, and not with each request, that a trusted proxy writes addresses that cannot be read. What a stranger has written
// before the proxy's own entry says nothing about the proxy.
func TestUnreadableAddressesAreWarnedOfOnce(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	warnings := func() int { return strings.Count(w.log.String(), "X-Forwarded-For of a trusted proxy cannot be read") }
	ask := func(forwarded ...string) {
		r := w.request("GET", "/.well-known/jwks.json", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = "10.0.0.1:1234", forwarded
		w.do(r).want(200)
	}
	ask()
	ask("")
	ask("nonsense, 198.51.100.7:51008")
	ask("nonsense, 10.1.2.3")
	if warnings() != 0 {
		t.Errorf("a warning without a reason: %s", w.log)
	}
	ask("198.51.100.7, unknown")
	ask("198.51.100.7, unknown")
	if n := warnings(); n != 1 || !strings.Contains(w.log.String(), `"proxy":"10.0.0.1"`) {
		t.Errorf("%d warnings, want 1 that names the proxy: %s", n, w.log)
	}
}
