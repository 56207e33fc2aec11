package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mintkey/server"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// twoServers are two servers on one Redis that can go back to an earlier state.
type twoServers struct {
	*world
	redis *redistest.Server
	at    [2]*server.Server
	ask   [2]http.Handler
}

func newTwoServers(t *testing.T) *twoServers {
	redis := redistest.Start(t, "--appendonly", "no", "--enable-debug-command", "yes")
	opened, err := redisstore.Open(t.Context(), redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	w := &twoServers{world: newWorldOn(t, opened), redis: redis}
	for i := range w.at {
		w.serve(func(o *server.Options) { o.ClockOffset = time.Until(start) })
		w.at[i], w.ask[i] = w.server, w.handler
		t.Cleanup(w.run())
	}
	return w
}

// on sends what follows to one of the servers.
func (w *twoServers) on(i int) { w.server, w.handler = w.at[i], w.ask[i] }

// goBack makes Redis what it was at the last SAVE, with all connections left as they are.
func (w *twoServers) goBack() {
	w.Helper()
	w.redis.Do("DEBUG", "RELOAD", "NOSAVE")
}

func (w *twoServers) revokeKey(p person) { w.delete(w.ada, keyPath(p)).want(204) }

// After the history of the store went back, both servers hear of every later revocation, and what was revoked before stays so.
func TestRevocationsAfterHistoryWentBack(t *testing.T) {
	t.Parallel()
	w := newTwoServers(t)
	w.on(0)
	var people [8]person
	var old [8]string
	for i := range people {
		people[i] = w.makeKey(w.ada, w.newMember(), "api")
		old[i] = w.tokenOf(people[i], "")
	}
	w.redis.Do("SAVE")
	for _, p := range people[:3] {
		w.revokeKey(p)
	}
	w.on(1)
	w.eventually("the other server knows them", func() bool { return w.revokedIn(old[0]) && w.revokedIn(old[1]) && w.revokedIn(old[2]) })
	w.goBack()
	w.on(0)
	for _, p := range people[3:5] { // at once: the numbers of the lost ones are given out again
		w.revokeKey(p)
	}
	w.post(w.ada, keyPath(people[5])+"/refresh", map[string]any{"revoke_tokens": true}).want(200)
	w.sendForm(people[6], "/oauth2/revoke", form{"token": {old[6]}}).want(200)
	for i := range w.at {
		w.on(i)
		w.eventually("the bits of all that were revoked", func() bool {
			for _, token := range old[:6] {
				if !w.revokedIn(token) {
					return false
				}
			}
			return true
		})
		w.eventually("introspection", func() bool {
			return w.introspect(w.tom, old[5]).body == inactive && w.introspect(w.tom, old[6]).body == inactive
		})
		for _, p := range people[:5] { // the first three are there again, with the secrets that they had
			w.sendForm(p, "/oauth2/token", form{"grant_type": {"client_credentials"}}).wantError(401, "invalid_client")
		}
		if w.revokedIn(old[7]) {
			t.Error("a token that nobody revoked is revoked")
		}
		w.tokenOf(people[7], "")
	}
	w.serve() // another one knows what the others have written again
	w.must(w.server.Gateways().Log.Sync(t.Context()))
	for _, p := range people[:3] {
		w.sendForm(p, "/oauth2/token", form{"grant_type": {"client_credentials"}}).wantError(401, "invalid_client")
	}
}

// A gateway is told to start over where the place that it has read up to is lost.
func TestStreamsStartOver(t *testing.T) {
	t.Parallel()
	w := newTwoServers(t)
	w.on(0)
	live := httptest.NewServer(w.at[0].Handler())
	defer live.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gateway := w.tokenOf(w.tom, "tokens:introspect")
	p, q, late := w.makeKey(w.ada, w.newMember(), "api"), w.makeKey(w.ada, w.newMember(), "api"), w.makeKey(w.ada, w.newMember(), "api")
	events := w.listen(ctx, live.URL, gateway, "")
	w.revokeKey(p)
	first := <-events
	w.redis.Do("SAVE")
	w.revokeKey(q)
	second := <-events
	w.goBack()
	w.revokeKey(late)
	heard := map[string]int{}
	for heard[late.clientID] == 0 || heard[q.clientID] == 0 || heard[p.clientID] == 0 {
		heard[(<-events).Who]++
	}
	number, _, _ := strings.Cut(second.ID, "-")
	for _, lost := range []string{second.ID, number, number + "-OTHER", "x"} {
		if again := <-w.listen(ctx, live.URL, gateway, lost); again.ID != first.ID {
			t.Errorf("resumed after %q with %s, want all from the start", lost, again.text)
		}
	}
	if again := <-w.listen(ctx, live.URL, gateway, first.ID); again.ID == first.ID {
		t.Error("a place that is there is not found")
	}
}

// Signing keys that are gone are not replaced by new ones, which would end all tokens.
func TestNoSigningKeysAreMadeInAnEmptiedStore(t *testing.T) {
	t.Parallel()
	w := newTwoServers(t)
	w.on(0)
	before := w.do(w.request("GET", "/.well-known/jwks.json", nil)).want(200).body
	w.redis.Do("FLUSHALL")
	if err := w.ring.Refresh(t.Context(), start); err == nil {
		t.Error("Refresh has no error")
	}
	if w.do(w.request("GET", "/.well-known/jwks.json", nil)).want(200).body != before {
		t.Error("the signing keys are others")
	}
}
