package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// upstream is the API behind the gateways. It remembers what it has been asked.
type upstream struct {
	server *httptest.Server
	mu     sync.Mutex
	seen   map[string]http.Header // by path
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{seen: make(map[string]http.Header)}
	u.server = httptest.NewServer(u)
	t.Cleanup(u.server.Close)
	return u
}

func (u *upstream) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen[r.URL.Path] = r.Header
}

func (u *upstream) address() string { return strings.TrimPrefix(u.server.URL, "http://") }

// arrived returns the identity headers of the request with the path, and forgets it. It says false if the request has not arrived.
// Names are as CGI reads them, for which "-" and "_" are one.
func (u *upstream) arrived(path string) (map[string][]string, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	header, arrived := u.seen[path]
	delete(u.seen, path)
	identity := make(map[string][]string)
	for name, values := range header {
		if name, ours := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(name, "_", "-")), "x-mintkey-"); ours {
			identity[name] = append(identity[name], values...)
		}
	}
	return identity, arrived
}
