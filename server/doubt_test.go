package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// A server that cannot know whether its primary still is one gives out nothing and says why, once in the log, until it knows again. What
// gateways need it has in memory.
func TestServerWhosePrimaryIsInDoubt(t *testing.T) {
	quorum := redistest.StartQuorum(t, 1)
	opened, err := redisstore.Open(t.Context(), quorum.URL())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, opened)
	stop := w.run()
	defer stop()
	w.eventually("the server is ready", func() bool { return w.opsStatus("/readyz") == 200 })
	for _, sentinel := range quorum.Sentinels {
		sentinel.Kill()
	}
	quorum.Replicas[0].Pause()
	w.eventually("the server is in doubt", func() bool {
		got := httptest.NewRecorder()
		w.server.OpsHandler().ServeHTTP(got, w.request(http.MethodGet, "/readyz", nil))
		return got.Code == http.StatusServiceUnavailable && strings.Contains(got.Body.String(), `"store":"in doubt"`) &&
			strings.Contains(got.Body.String(), "no Sentinel that hears a majority")
	})
	if !strings.Contains(w.metrics(), "mintkey_store_up 0") {
		t.Error("the metrics say that the store is up")
	}
	w.within(tokenRequest(w)).want(503)
	w.within(w.request(http.MethodGet, "/oauth2/status-lists/0", nil)).want(200)
	w.readyz(503)
	const line = "the store may have another primary"
	if lines := strings.Count(w.log.String(), line); lines != 1 {
		t.Errorf("%d lines of the log say so: %s", lines, w.log.String())
	}
	quorum.Replicas[0].Resume()
	w.eventually("the server is ready again", func() bool { return w.opsStatus("/readyz") == 200 })
	w.within(tokenRequest(w)).want(200)
}
