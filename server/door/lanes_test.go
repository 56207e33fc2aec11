package door_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/server/door"
)

// The lane is that of credentials which were good before, be they in a header or in the body, and otherwise the address.
func TestLanesAtTheDoor(t *testing.T) {
	var handled atomic.Int64
	order := make(chan string)
	g := guard(t, 0, 2, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		handled.Add(1)
		order <- r.URL.Path
		handled.Add(-1)
		echo(w, r)
	})
	g.known.Learn(g.known.Of("Basic c3Rvcm0="), "", "storm")
	g.known.Learn(g.known.Of("Basic cXVpZXQ="), "", "quiet")
	g.known.Learn(g.known.Of("client_id=calm&client_secret=x"), "", "calm")
	g.known.Learn(g.known.Of("session=x"), "", "person")
	waiting := 0
	send := func(request string) {
		c, _ := g.dial()
		_, _ = io.WriteString(c, request)
		waiting++
		eventually(t, "the request does not wait", func() bool {
			taken, line := g.queue.Load()
			return taken+line == waiting
		})
	}
	for range 40 {
		send(post("/storm", "grant_type=client_credentials", "authorization:  Basic c3Rvcm0= \r\n"))
	}
	for range 40 {
		send(post("/guess", "", "Authorization: Basic d3Jvbmc=\r\nX-Forwarded-For: stranger\r\n"))
	}
	send(post("/quiet", "", "Authorization: Basic cXVpZXQ=\r\n"))
	send(post("/calm", "client_id=calm&client_secret=x", ""))
	send("GET /person HTTP/1.1\r\nHost: h\r\nCookie: session=x\r\n\r\n")
	send("GET /address HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: another\r\n\r\n")
	soon := map[string]bool{}
	for range 16 {
		eventually(t, "no two are handled", func() bool { return handled.Load() == 2 })
		soon[<-order] = true
	}
	for _, path := range []string{"/quiet", "/calm", "/person", "/address"} {
		if !soon[path] {
			t.Errorf("%s is not among the first", path)
		}
	}
	go func() {
		for range waiting - 16 {
			<-order
		}
	}()
}

// Who has waited too long is told so, an answer that lasts holds no place, and what is free needs none.
func TestLateAndLasting(t *testing.T) {
	hold, begun := make(chan struct{}), make(chan struct{}, 100)
	g := guard(t, 0, 2, 50*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
		if door.Late(r.Context()) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if r.URL.Path == "/stream" {
			door.Leave(r.Context())
		}
		begun <- struct{}{}
		<-hold
		echo(w, r)
	})
	defer close(hold)
	for range 5 {
		c, _ := g.dial()
		_, _ = io.WriteString(c, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
	}
	eventually(t, "not all streams have begun", func() bool { return len(begun) == 5 })
	if taken, _ := g.queue.Load(); taken != 0 {
		t.Errorf("streams hold %d places", taken)
	}
	c, _ := g.dial()
	_, _ = io.WriteString(c, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
	eventually(t, "the slow one has not begun", func() bool { return len(begun) == 6 })
	c, _ = g.dial()
	_, _ = io.WriteString(c, "GET /free HTTP/1.1\r\nHost: h\r\n\r\n")
	eventually(t, "what is free waits", func() bool { return len(begun) == 7 })
	c, r := g.dial()
	for range 2 { // and may ask again on the same connection
		_, _ = io.WriteString(c, "GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
		if status, _, err := answer(r); err != nil || status != http.StatusServiceUnavailable {
			t.Errorf("status %d: %v", status, err)
		}
	}
}
