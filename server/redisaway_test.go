package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/server"
	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// awayFor is how long a request may take that needs nothing of the store, or is refused because it is away: more than the 2 s that are
// promised, for what else the machine does.
const awayFor = 4 * time.Second

// reads is a Redis that tells whether a document was read.
type reads struct {
	*redisstore.Store

	list atomic.Bool // the archive of list 0
}

func (r *reads) Document(ctx context.Context, name string) ([]byte, error) {
	document, err := r.Store.Document(ctx, name)
	if strings.HasPrefix(name, "ended-indexes/") {
		r.list.Store(true)
	}
	return document, err
}

// eachWayToBeAway runs a test on a server whose Redis is killed, and on one whose Redis hangs.
func eachWayToBeAway(t *testing.T, test func(w *world, leave, comeBack func())) {
	for name, way := range map[string]struct{ leave, comeBack func(*redistest.Server) }{
		"killed": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"hangs":  {(*redistest.Server).Pause, (*redistest.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t)
			opened, err := redisstore.Open(t.Context(), redis.URL())
			if err != nil {
				t.Fatal(err)
			}
			known := &reads{Store: opened}
			w := newWorldOn(t, opened, func(o *server.Options) { o.Store = store.NewGate(known) })
			stop := w.run()
			defer stop()
			w.eventually("the lists are read", known.list.Load)
			test(w, func() { way.leave(redis) }, func() { way.comeBack(redis) })
		})
	}
}

// within answers a request, which with -promises must not take too long.
func (w *world) within(r *http.Request) answer {
	w.Helper()
	began := time.Now()
	got := w.do(r)
	redistest.Took(w, r.URL.Path, time.Since(began), awayFor)
	return got
}

// What gateways need is in memory, for as long as Redis is away, also if nobody asked for it before.
func TestDocumentsWhileRedisIsAway(t *testing.T) {
	eachWayToBeAway(t, func(w *world, leave, comeBack func()) {
		p := w.makeKey(w.ada, w.mia, "api")
		ended := w.tokenOf(p, "")
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
		leave()
		defer comeBack()
		for range 4 {
			for _, path := range []string{
				"/oauth2/status-lists/0", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server",
				"/.well-known/openid-configuration", "/openapi.json",
			} {
				r := w.request("GET", path, nil)
				if tag := w.within(w.request("GET", path, nil)).want(200).header.Get("ETag"); tag != "" {
					header("If-None-Match", tag)(r)
					w.within(r).want(304)
				}
			}
			if !w.revokedIn(ended) {
				w.Error("a token that has ended is not in its list")
			}
			w.checkList()
			w.clock.advance(time.Hour)
		}
	})
}

// checkList checks that the list which is served now is new, and valid for longer than a token.
func (w *world) checkList() {
	w.Helper()
	list := claimsOf(w, w.within(w.request("GET", "/oauth2/status-lists/0", nil)).want(200).body)
	made, ends := time.Unix(int64(list["iat"].(float64)), 0), time.Unix(int64(list["exp"].(float64)), 0)
	if now := w.clock.now(); now.Sub(made) > 5*time.Minute || ends.Sub(now) < tokenLifetime {
		w.Errorf("the list that is served at %v was made at %v and ends at %v", now, made, ends)
	}
}

// Operators, and balancers, see at once that Redis is away and that it is back.
func TestReadyzAndMetricsWhileRedisIsAway(t *testing.T) {
	eachWayToBeAway(t, func(w *world, leave, comeBack func()) {
		if metrics := w.metrics(); !strings.Contains(metrics, "mintkey_store_up 1") || !strings.Contains(metrics, "mintkey_store_waiting ") {
			w.Error("the metrics do not say that the store is up")
		}
		leave()
		w.readyz(503)
		w.eventually("the metrics say that the store is away", func() bool { return strings.Contains(w.metrics(), "mintkey_store_up 0") })
		w.readyz(503)
		w.within(tokenRequest(w)).want(503)
		comeBack()
		back := time.Now()
		w.eventually("the server is ready", func() bool { return w.opsStatus("/readyz") == 200 })
		redistest.Took(w, "getting ready after Redis was back", time.Since(back), awayFor)
		w.eventually("the metrics say that the store is up", func() bool { return strings.Contains(w.metrics(), "mintkey_store_up 1") })
	})
}

func tokenRequest(w *world) *http.Request {
	r := w.request("POST", "/oauth2/token", with(inBody(w.mia), "grant_type", "client_credentials").Encode())
	header("Content-Type", "application/x-www-form-urlencoded")(r)
	return r
}

func (w *world) readyz(want int) {
	w.Helper()
	began := time.Now()
	if got := w.opsStatus("/readyz"); got != want {
		w.Errorf("/readyz answered %d, want %d", got, want)
	}
	redistest.Took(w, "/readyz", time.Since(began), awayFor)
}

func (w *world) opsStatus(path string) int { //nolint:unparam // says at the call what is asked
	got := httptest.NewRecorder()
	w.server.OpsHandler().ServeHTTP(got, w.request("GET", path, nil))
	return got.Code
}
