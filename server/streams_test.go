package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"mintkey/server"
	"mintkey/tokens"
)

// A stream ends with the right of its caller to listen, whatever takes it, and not only with the token's time (R5, R8).
func TestStreamsEndWithTheirCaller(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.serve(func(o *server.Options) { o.ClockOffset = time.Until(start) }) // deadlines on a connection are real time
		live := httptest.NewServer(w.server.Handler())
		defer live.Close()
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		for name, end := range map[string]func(p person, token string){
			"key revoked":   func(p person, _ string) { w.delete(w.ada, keyPath(p)).want(204) },
			"token revoked": func(p person, token string) { w.sendForm(p, "/oauth2/revoke", form{"token": {token}}).want(200) },
			"tokens revoked": func(p person, _ string) {
				w.refreshKey(w.refreshKey(p, nil), map[string]any{"revoke_tokens": true})
			},
			"user disabled":  func(p person, _ string) { w.patch(w.ada, acmeUsers+"/"+p.id, `{"disabled":true}`).want(200) },
			"member removed": func(p person, _ string) { w.delete(w.ada, "/admin/v1/tenants/forge/members/"+p.id).want(204) },
		} {
			p := w.makeKey(w.ada, w.newMember(), "tokens:introspect")
			token := w.tokenOf(p, "")
			events := w.listen(ctx, live.URL, token, "")
			end(p, token)
			for range events { // until the stream ends; a test that hangs here has found one that does not
			}
			w.Log("ended: " + name)
		}
	})
}

// A client has a limited number of streams, and each that it closes makes room for another. Others are not touched.
func TestStreamsAreLimited(t *testing.T) {
	w := newWorld(t)
	w.serve(func(o *server.Options) { o.ClockOffset = time.Until(start) })
	live := httptest.NewServer(w.server.Handler())
	defer live.Close()
	token, other := w.tokenOf(w.tom, "tokens:introspect"), w.tokenOf(w.ada, "tokens:introspect")
	var last context.CancelFunc
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w.listen(ctx, live.URL, token, "")
		last = cancel
	}
	w.get(bearer(token), "/oauth2/revocations").want(429)
	open := func(token string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, live.URL+"/oauth2/revocations", nil)
		w.must(err)
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(r)
		w.must(err)
		w.must(response.Body.Close())
		return response.StatusCode
	}
	if status := open(other); status != 200 {
		t.Errorf("another client gets %d", status)
	}
	last()
	w.eventually("room for one more", func() bool { return open(token) == 200 })
}

// After an emergency rotation another server refuses the withdrawn keys, and signs with the new ones, as soon as it learns of revocations.
func TestEmergencyRotationReachesOtherServers(t *testing.T) {
	w := newWorld(t)
	token := bearer(w.tokenOf(w.mia, ""))
	elsewhere, err := tokens.OpenKeyRing(t.Context(), w.store, tokens.Options{
		Algorithms: []tokens.Algorithm{tokens.ES256, tokens.EdDSA}, TokenLifetime: tokenLifetime,
	}, start)
	w.must(err)
	w.get(token, ownKeys).want(200)
	w.must(elsewhere.Rotate(t.Context(), start, true))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.server.Run(ctx) }()
	w.eventually("the withdrawn keys are refused", func() bool { return w.get(token, ownKeys).status == 401 })
	stop()
	w.must(<-ended)
	w.get(bearer(w.tokenOf(w.mia, "")), ownKeys).want(200)
}
