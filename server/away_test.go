package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mintkey/server"
	"mintkey/store"
)

// While the store is away, gateways get from memory all that they need: they would refuse every token otherwise. What has ended before
// stays so, also where the log of revocations has forgotten it.
func TestDocumentsWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	p, bystander := w.makeKey(w.ada, w.mia, "api"), w.makeKey(w.ada, w.tom, "api")
	old, alive := w.tokenOf(p, ""), w.tokenOf(bystander, "")
	w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
	w.must(w.server.Gateways().Log.Forget(t.Context(), w.clock.now().Add(48*time.Hour)))
	w.serve() // a server that finds the first revocation in the archive only
	q := w.makeKey(w.ada, w.mia, "api")
	late := w.tokenOf(q, "")
	w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+q.clientID).want(204)
	w.do(w.request("GET", "/oauth2/status-lists/0", nil)).want(200)
	w.must(w.store.Close())
	for range 3 {
		w.clock.advance(3 * time.Minute) // past the age at which a list is signed again
		for _, path := range []string{
			"/oauth2/status-lists/0", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
		} {
			w.do(w.request("GET", path, nil)).want(200)
		}
		if !w.revokedIn(old) || !w.revokedIn(late) || w.revokedIn(alive) {
			t.Errorf("revoked: %t, %t, %t; want true, true, false", w.revokedIn(old), w.revokedIn(late), w.revokedIn(alive))
		}
	}
}

// fullDisk is a store that says why it saves nothing.
type fullDisk struct{ store.Store }

func (fullDisk) ChangesRefused() error { return errors.New("the disk is full") }

// A full disk does not keep tokens from being issued, so the server is ready, and says what is wrong.
func TestReadyzTellsOfAFullDisk(t *testing.T) {
	w := newWorld(t)
	w.serve(func(o *server.Options) { o.Store = store.NewGate(fullDisk{w.store}) })
	if ready := w.readyzBody(); !strings.Contains(ready, `"changes":"refused: the disk is full"`) {
		t.Errorf("readyz: %s", ready)
	}
}

// readyzBody is the answer of a server that is ready.
func (w *world) readyzBody() string {
	w.Helper()
	answer := httptest.NewRecorder()
	w.server.OpsHandler().ServeHTTP(answer, httptest.NewRequestWithContext(w.Context(), http.MethodGet, "/readyz", http.NoBody))
	if answer.Code != http.StatusOK {
		w.Fatalf("readyz: %d %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}
