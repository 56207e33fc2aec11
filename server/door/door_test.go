package door_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/server/admission"
	"mintkey/server/door"
)

// guarded is a server behind a door.
type guarded struct {
	*door.Door

	t       *testing.T
	queue   *admission.Queue
	known   *admission.Known
	server  *http.Server
	address string
}

// guard starts a server that has room for so many connections and requests.
func guard(t *testing.T, most, places int, wait time.Duration, handler http.HandlerFunc) *guarded {
	t.Helper()
	g := &guarded{
		t: t, known: admission.NewKnown(),
		queue: admission.New(admission.Options{Places: places, Waiting: 1000, Wait: wait}),
	}
	g.Door = door.New(door.Options{Queue: g.queue, Most: most, Known: g.known, Address: func(r *http.Request) string {
		return r.Header.Get("X-Forwarded-For")
	}, Free: func(path string) bool { return path == "/free" }, Now: time.Now})
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.address = inner.Addr().String()
	g.server = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, IdleTimeout: time.Minute}
	served := make(chan error, 1)
	listener := g.Guard(g.server, inner)
	go func() { served <- g.server.Serve(listener) }()
	t.Cleanup(func() {
		g.Open(context.Background())
		_ = g.server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return g
}

// echo answers with the request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/slow" {
		time.Sleep(30 * time.Millisecond) // meanwhile the next comes
	}
	_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
}

func (g *guarded) dial() (net.Conn, *bufio.Reader) {
	c, err := new(net.Dialer).DialContext(g.t.Context(), "tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = c.Close() })
	return c, bufio.NewReader(c)
}

// answer reads one answer.
func answer(r *bufio.Reader) (int, string, error) {
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func post(path, body, headers string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %d\r\n\r\n%s", path, headers, len(body), body)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// Many more connections than are kept by net/http: each is answered again and again, on the same connection, which then waits outside.
func TestConnectionsWaitOutside(t *testing.T) {
	const clients, each = 60, 20
	var inside, peak atomic.Int64
	g := guard(t, 4, 4, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		if now := inside.Add(1); now > peak.Load() {
			peak.Store(now)
		}
		echo(w, r)
		inside.Add(-1)
	})
	var all, asked sync.WaitGroup
	asked.Add(clients)
	enough := make(chan struct{})
	for i := range clients {
		c, r := g.dial()
		all.Go(func() {
			for j := range each {
				_, _ = io.WriteString(c, post(fmt.Sprint("/", i), fmt.Sprint(j), fmt.Sprintf("X-Forwarded-For: %d\r\n", i%3)))
				if status, text, err := answer(r); err != nil || status != http.StatusOK || text != fmt.Sprintf("POST /%d %d", i, j) {
					t.Errorf("%d: request %d: %d %q: %v", i, j, status, text, err)
				}
			}
			asked.Done()
			<-enough
		})
	}
	asked.Wait()
	// Those that came while there was room are net/http's until their next request is answered.
	eventually(t, "connections without a request do not wait outside", func() bool {
		open, outside := g.Connections()
		return open == clients && outside >= clients-4
	})
	close(enough)
	all.Wait()
	if peak.Load() > 4 {
		t.Errorf("%d requests were handled at once, want 4 at most", peak.Load())
	}
	eventually(t, "places are still taken", func() bool {
		taken, waiting := g.queue.Load()
		return taken == 0 && waiting == 0
	})
}

// Whatever comes in one read, or in many, is answered in order, and nothing of it is lost when a connection is taken back.
func TestNothingIsLost(t *testing.T) {
	g := guard(t, 0, 4, time.Minute, echo)
	get := "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
	one, two, three := post("/1", "a=1", ""), post("/2", "b=22", ""), post("/3", "", "")
	chunked := "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	bare := "POST /b HTTP/1.1\nHost: h\nContent-Length: 2\n\nxy"
	mixed := "GET /m HTTP/1.1\r\nHost: h\n\nPOST /n HTTP/1.1\r\nX: y\nContent-Length: 5\r\nHost: h\r\n\r\n"
	slow := post("/slow", "", "")
	long := post("/long", strings.Repeat("x", 10_000), "")
	for name, test := range map[string]struct {
		writes []string
		want   []string
	}{
		"one":             {[]string{one}, []string{"POST /1 a=1"}},
		"one by one":      {[]string{one, "", get, "", two}, []string{"POST /1 a=1", "GET /get ", "POST /2 b=22"}},
		"pipelined":       {[]string{one + two + three + get}, []string{"POST /1 a=1", "POST /2 b=22", "POST /3 ", "GET /get "}},
		"a part behind":   {[]string{one + two[:3], two[3:]}, []string{"POST /1 a=1", "POST /2 b=22"}},
		"a part of a get": {[]string{get + get[:30], get[30:]}, []string{"GET /get ", "GET /get "}},
		"body later":      {[]string{one[:len(one)-3], one[len(one)-3:] + two}, []string{"POST /1 a=1", "POST /2 b=22"}},
		"byte by byte":    {strings.Split(one+two, ""), []string{"POST /1 a=1", "POST /2 b=22"}},
		"chunked":         {[]string{chunked + one, two}, []string{"POST /c abc", "POST /1 a=1", "POST /2 b=22"}},
		"bare line feeds": {[]string{bare + one}, []string{"POST /b xy", "POST /1 a=1"}},
		"mixed ends":      {[]string{mixed, "hello" + one, two}, []string{"GET /m ", "POST /n hello", "POST /1 a=1", "POST /2 b=22"}},
		"while another":   {[]string{slow, one, two}, []string{"POST /slow ", "POST /1 a=1", "POST /2 b=22"}},
		"long":            {[]string{long, one}, []string{"POST /long " + strings.Repeat("x", 10_000), "POST /1 a=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, r := g.dial()
			go func() {
				for _, text := range test.writes {
					time.Sleep(2 * time.Millisecond) // so that each is likely read alone
					_, _ = io.WriteString(c, text)
				}
			}()
			for _, want := range test.want {
				if _, got, err := answer(r); err != nil || got != want {
					t.Fatalf("answer %q: %v, want %q", got, err, want)
				}
			}
		})
	}
}

// A server that stops answers every request that has come in, and then closes the connections that wait outside.
func TestOpenLetsAllIn(t *testing.T) {
	hold := make(chan struct{})
	g := guard(t, 0, 2, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		<-hold
		echo(w, r)
	})
	idle, _ := g.dial()
	var readers []*bufio.Reader
	for range 20 {
		c, r := g.dial()
		_, _ = io.WriteString(c, post("/held", "x", ""))
		readers = append(readers, r)
	}
	eventually(t, "requests do not wait", func() bool {
		_, waiting := g.queue.Load()
		_, outside := g.Connections()
		return waiting >= 19 && outside == 1
	})
	g.Open(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- g.server.Shutdown(t.Context()) }()
	_ = idle.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF { //nolint:errorlint // Read returns it bare
		t.Errorf("the idle connection: %v", err)
	}
	close(hold)
	for _, r := range readers {
		if _, got, err := answer(r); err != nil || got != "POST /held x" {
			t.Errorf("answer %q: %v", got, err)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if open, outside := g.Connections(); open != 0 || outside != 0 {
		t.Errorf("%d connections are open, %d outside", open, outside)
	}
}
