package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// never is a point that no request reaches.
const never = -1

// stopper passes requests on to a server, and stops for good at one of the points between: point 2n is before request n reaches the server,
// point 2n+1 before its answer reaches the client.
type stopper struct {
	url, server string

	mu      sync.Mutex
	at, now int
	reached chan struct{}
}

func newStopper(t *testing.T, server string) *stopper {
	t.Helper()
	s := &stopper{server: server, at: never}
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	s.url = listener.URL
	return s
}

// stopAt counts from now on. The channel is closed when the point is reached.
func (s *stopper) stopAt(point int) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.now, s.reached = point, 0, make(chan struct{})
	return s.reached
}

// pass says whether to go on.
func (s *stopper) pass() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now++
	if s.now-1 != s.at {
		return true
	}
	close(s.reached)
	return false
}

func (s *stopper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.pass() {
		panic(http.ErrAbortHandler)
	}
	request, err := http.NewRequestWithContext(r.Context(), r.Method, s.server+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(err)
	}
	request.Header, request.ContentLength = r.Header.Clone(), r.ContentLength
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !s.pass() {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body)
}
