package console_test

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mintkey/server"
	"mintkey/server/limits"
)

// Somebody who has the password alone goes on asking for the second step. The person signs in and works all the same, and even from the
// address of that somebody a recovery code works.
func TestAskingForPasskeysKeepsNobodyOut(t *testing.T) {
	h := newHarness(t, named, func(o *server.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	phone := h.device()
	codes := h.as("grace").register(phone, "Phone")
	elsewhere := limits.New(limits.Options{
		Limits: h.store, Places: h.store, Log: slog.New(slog.DiscardHandler), Now: time.Now, Metrics: prometheus.NewRegistry(),
	})
	for range 580 { // the last 20 are in question
		_, err := elsewhere.Reserve(t.Context(), limits.Form("acme", "grace"))
		h.must(err)
	}
	signIn, thief := form{"email": {emailOf("grace")}, "password": {password}}, via("203.0.113.9")
	v := h.visitor()
	v.post("/console/sign-in", signIn, thief).leadsTo(secondFactorPath)
	for range 25 {
		v.get(secondFactorPath, thief).want(200).asked()
	}
	grace := h.visitor().password("grace")
	grace.second(phone).leadsTo("/console")
	grace.get("/console/account/passkeys/new").want(200).asked()

	for { // what is left to the address
		if _, err := elsewhere.Reserve(t.Context(), limits.PasskeyStart("203.0.113.9")); err != nil {
			break
		}
	}
	v.get(secondFactorPath, thief).want(200).says("No passkey can be asked for now. There were too many tries.", "Recovery code")
	h.visitor().password("grace").second(phone).leadsTo("/console")
	v.post(secondFactorPath, form{"recovery_code": {codes[0]}}, thief).leadsTo("/console")
}
