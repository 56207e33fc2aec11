package console_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mintkey/server"
	"mintkey/server/limits"
)

// Strangers who guess Ada's password, in the console or at the token endpoint, can't lock her out of a browser where she signed in
// before (R23).
func TestStrangersCannotKeepAPersonOut(t *testing.T) {
	h := newHarness(t, func(o *server.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	signIn := form{"email": {"grace@acme.example"}, "password": {password}}
	grant := form{"grant_type": {"password"}, "tenant_id": {"lisbon"}, "username": {"grace"}, "password": {password}}
	grace := h.visitor()
	set := grace.post("/console/sign-in", signIn, via("198.51.100.1")).want(303).setCookie("mintkey-device")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/console", "Max-Age=2592000"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie %q lacks %s", set, want)
		}
	}
	h.visitor().post("/oauth2/token", grant, via("198.51.100.2")).want(200)
	h.guessElsewhere("grace")

	h.visitor().post("/console/sign-in", signIn, via("198.51.100.9")).want(429)
	h.visitor().post("/oauth2/token", grant, via("198.51.100.9")).want(429)
	h.visitor().post("/console/sign-in", signIn, via("198.51.100.1")).want(303)
	h.visitor().post("/console/sign-in", signIn, via("198.51.100.2")).want(303)
	h.visitor().post("/oauth2/token", grant, via("198.51.100.1")).want(200)
	again := grace.post("/console/sign-in", signIn, via("198.51.100.9")).want(303).setCookie("mintkey-device")
	if strings.SplitN(again, ";", 2)[0] == strings.SplitN(set, ";", 2)[0] {
		t.Error("the cookie of the device stays the same")
	}
}

// guessElsewhere uses up the budget that all addresses together have for a user of acme.
func (h *harness) guessElsewhere(user string) {
	h.Helper()
	elsewhere := limits.New(limits.Options{
		Limits: h.store, Places: h.store, Log: slog.New(slog.DiscardHandler), Now: time.Now, Metrics: prometheus.NewRegistry(),
	})
	refused := 0
	for i := range 200 {
		visitor := limits.Visitor{Address: fmt.Sprint("203.0.113.", i), At: h.now()}
		if _, err := elsewhere.Reserve(h.Context(), limits.Password([]limits.User{limits.KnownUser("acme", user)}, visitor)); err != nil {
			refused++
		}
	}
	if refused == 0 {
		h.Fatal("nobody who guesses from many addresses is refused")
	}
}

// via makes a request come from an address behind the proxy.
func via(address string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Forwarded-For", address) }
}
