package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	mintkey "mintkey/cmd/mintkey"
	"mintkey/e2e/freeport"
	"mintkey/policy"
)

// fakeServer answers each request with the next of its answers, and then as a Mintkey server would.
type fakeServer struct {
	*httptest.Server

	mu      sync.Mutex
	answers []http.HandlerFunc
	seen    []*http.Request
}

func newFakeServer(t *testing.T, answers ...http.HandlerFunc) *fakeServer {
	t.Helper()
	s := &fakeServer{answers: answers}
	s.Server = httptest.NewUnstartedServer(s)
	t.Cleanup(func() { s.Close() })
	return s
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Clone(r.Context()))
	next := ordinary
	if len(s.answers) > 0 {
		next, s.answers = s.answers[0], s.answers[1:]
	}
	s.mu.Unlock()
	next(w, r)
}

func (s *fakeServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// ordinary gives a token to anybody.
func ordinary(w http.ResponseWriter, r *http.Request) {
	const says = `{"account_id":"acme","tenant_id":"berlin","client_id":"mk_1","scope":"keys:write"}`
	claims := base64.RawURLEncoding.EncodeToString([]byte(says))
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		_, _ = fmt.Fprint(w, `{"issuer":"https://mintkey.example"}`)
	case "/oauth2/token":
		_, _ = fmt.Fprintf(w, `{"access_token":"e30.%s.c2ln","token_type":"Bearer"}`, claims)
	default:
		_, _ = fmt.Fprint(w, `{}`)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = fmt.Fprint(w, `{"code": "unavailable", "detail": "The store is away.", "error": "temporarily_unavailable"}`)
	}
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}

// run runs a command with a good access key, and returns its exit code and all that it has said.
func run(t *testing.T, environ []string, args ...string) (code int, said string) {
	t.Helper()
	environ = append([]string{"MINTKEY_CLIENT_ID=mk_1", "MINTKEY_CLIENT_SECRET=" + policy.NewClientSecret([32]byte{1}).Reveal()}, environ...)
	var output bytes.Buffer
	err := mintkey.Run(t.Context(), args, environ, strings.NewReader(""), &output, &output)
	return mintkey.ExitCode(err), output.String()
}

func TestRequestsAreRepeated(t *testing.T) {
	for name, row := range map[string]struct {
		answers  []http.HandlerFunc
		args     []string
		code     int
		requests int
		says     string
	}{
		"the store comes back": {
			[]http.HandlerFunc{status(503), status(503)},
			[]string{"token"},
			0, 3, "cannot answer now (503 Service Unavailable); trying again in",
		},
		"the server says when": {
			[]http.HandlerFunc{status(429, "Retry-After", "1")},
			[]string{"token"},
			0, 2, "(429 Too Many Requests); trying again in 1s (1 of 3)",
		},
		"the server says when by the clock": {
			[]http.HandlerFunc{status(503, "Retry-After", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))},
			[]string{"token"},
			0, 2, "trying again in",
		},
		"later than one waits": {
			[]http.HandlerFunc{status(429, "Retry-After", "3600")},
			[]string{"token"},
			5, 1, "the server asks to come back in 1h0m0s, which is later than --timeout allows",
		},
		"not for ever": {
			[]http.HandlerFunc{status(503), status(503), status(503)},
			[]string{"token", "--retries", "2"},
			5, 3, "temporarily_unavailable",
		},
		"no retries": {
			[]http.HandlerFunc{status(503)},
			[]string{"token", "--retries", "0"},
			5, 1, "temporarily_unavailable",
		},
		"a token whose answer is lost": {[]http.HandlerFunc{cut}, []string{"token"}, 0, 2, "cannot reach the server"},
		"a page whose answer is lost": {
			[]http.HandlerFunc{ordinary, ordinary, cut},
			[]string{"tenants", "list"},
			0, 4, "", // net/http itself sends it again on another connection
		},
		"a key whose answer is lost has an Idempotency-Key": {
			[]http.HandlerFunc{ordinary, ordinary, cut, status(503)},
			[]string{"keys", "create"},
			0, 5, "cannot answer now",
		},
		"what may have been made is not made twice": {
			[]http.HandlerFunc{ordinary, ordinary, cut},
			[]string{"tenants", "create", "--name", "Berlin", "--release", "24.3"},
			5, 3, "cannot reach",
		},
		"what may have been made is not made twice, after 503 either": {
			[]http.HandlerFunc{ordinary, ordinary, status(503)},
			[]string{"tenants", "create", "--name", "Berlin", "--release", "24.3"},
			5, 3, "unavailable",
		},
		"what was turned away is sent again": {
			[]http.HandlerFunc{ordinary, ordinary, status(429)},
			[]string{"tenants", "create", "--name", "Berlin", "--release", "24.3"},
			0, 4, "429",
		},
		"what is gone may be so because of the attempt before": {
			[]http.HandlerFunc{ordinary, ordinary, cut, status(404)},
			[]string{"api", "DELETE", "/admin/v1/tenants/berlin/keys/mk_2"},
			4, 4, "hint: an attempt before had no answer",
		},
		"a refusal is final": {
			[]http.HandlerFunc{status(409)},
			[]string{"token"},
			6, 1, "temporarily_unavailable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newFakeServer(t, row.answers...)
			server.Start()
			code, said := run(t, nil, append(row.args, "--url", server.URL)...)
			if code != row.code || server.count() != row.requests || !strings.Contains(said, row.says) {
				t.Errorf("exit code %d after %d requests, want %d after %d and %q:\n%s", code, server.count(), row.code, row.requests, row.says, said)
			}
		})
	}
}

// Each attempt of a create has the whole body and the same Idempotency-Key.
func TestRepeatsAreTheSameRequest(t *testing.T) {
	var bodies, keys []string
	record := func(then http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			_, _ = body.ReadFrom(r.Body)
			bodies, keys = append(bodies, body.String()), append(keys, r.Header.Get("Idempotency-Key"))
			then(w, r)
		}
	}
	server := newFakeServer(t, ordinary, ordinary, record(cut), record(status(503)), record(ordinary))
	server.Start()
	if code, said := run(t, nil, "keys", "create", "--url", server.URL, "--label", "load tests"); code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	if len(bodies) != 3 || !strings.Contains(bodies[0], "load tests") || bodies[1] != bodies[0] || bodies[2] != bodies[0] {
		t.Errorf("the bodies are %q", bodies)
	}
	if len(keys) != 3 || keys[0] == "" || keys[1] != keys[0] || keys[2] != keys[0] {
		t.Errorf("the keys are %q", keys)
	}
	if agent := server.seen[0].Header.Get("User-Agent"); !strings.HasPrefix(agent, "mintkey/") || strings.ContainsAny(agent, "() ") {
		t.Errorf("User-Agent %q", agent)
	}
}

func TestServersThatAreNotThere(t *testing.T) {
	port, err := freeport.Port(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code, said := run(t, nil, "token", "--url", "http://127.0.0.1:"+port)
	if code != 5 || strings.Count(said, "trying again in") != 3 || !strings.Contains(said, "hint: is the server up") {
		t.Errorf("refused: exit code %d: %s", code, said)
	}
	// A server that comes up meanwhile is found.
	server := newFakeServer(t)
	_ = server.Listener.Close()
	go func() {
		time.Sleep(300 * time.Millisecond)
		if server.Listener, err = net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			server.Start()
		}
	}()
	if code, said := run(t, nil, "token", "--retries", "8", "--timeout", "1m", "--url", "http://127.0.0.1:"+port); code != 0 {
		t.Errorf("late: exit code %d: %s", code, said)
	}
	code, said = run(t, nil, "token", "--url", "http://mintkey.invalid", "--allow-http")
	if code != 5 || strings.Contains(said, "trying again") && strings.Contains(said, "no such host") {
		t.Errorf("no such host: exit code %d: %s", code, said)
	}
	hung := newFakeServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does net/http notice that the client has gone
		<-r.Context().Done()
	})
	hung.Start()
	code, said = run(t, nil, "token", "--url", hung.URL, "--timeout", "200ms")
	if code != 5 || !strings.Contains(said, "no answer from "+hung.URL+" within 200ms (--timeout)") {
		t.Errorf("hung: exit code %d: %s", code, said)
	}
}

func TestCertificates(t *testing.T) {
	server := newFakeServer(t)
	server.StartTLS()
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, said := run(t, nil, "token", "--url", server.URL)
	if code != 5 || !strings.Contains(said, "hint: if the server's certificate is from a CA") {
		t.Errorf("unknown: exit code %d: %s", code, said)
	}
	if server.count() > 0 {
		t.Error("the secret was sent to a server that was not verified")
	}
	if code, said := run(t, nil, "token", "--url", server.URL, "--ca-cert", file); code != 0 {
		t.Errorf("--ca-cert: exit code %d: %s", code, said)
	}
	if code, said := run(t, []string{"MINTKEY_CA_CERT=" + file}, "token", "--url", server.URL); code != 0 {
		t.Errorf("MINTKEY_CA_CERT: exit code %d: %s", code, said)
	}
	for _, wrong := range []string{"missing.pem", "retry_test.go"} {
		if code, said := run(t, nil, "token", "--url", server.URL, "--ca-cert", wrong); code != 2 || !strings.Contains(said, "--ca-cert") {
			t.Errorf("%s: exit code %d: %s", wrong, code, said)
		}
	}
	plain := newFakeServer(t)
	plain.Start()
	code, said = run(t, nil, "token", "--url", strings.Replace(plain.URL, "http:", "https:", 1))
	if code != 5 || !strings.Contains(said, "hint: the server speaks http there, not https") {
		t.Errorf("http: exit code %d: %s", code, said)
	}
	code, said = run(t, nil, "token", "--url", strings.Replace(server.URL, "https:", "http:", 1))
	if code != 1 || !strings.Contains(said, "hint: the server speaks https there, not http") {
		t.Errorf("https: exit code %d: %s", code, said)
	}
}

// No secret goes to another machine in clear, unless that is wanted.
func TestSecretsInClear(t *testing.T) {
	for _, args := range [][]string{{"token"}, {"keys", "list"}, {"login"}, {"status"}, {"secret", "report"}} {
		code, said := run(t, nil, append(args, "--url", "http://mintkey.example.com")...)
		if code != 2 || !strings.Contains(said, "in clear: use https://, or --allow-http") {
			t.Errorf("%v: exit code %d: %s", args, code, said)
		}
	}
	for name, row := range map[string]struct{ environ, args []string }{
		"flag":        {nil, []string{"--allow-http"}},
		"environment": {[]string{"MINTKEY_ALLOW_HTTP=true"}, nil},
	} {
		code, said := run(t, row.environ, append([]string{"token", "--url", "http://mintkey.invalid", "--retries", "0"}, row.args...)...)
		if code != 5 {
			t.Errorf("%s: exit code %d: %s", name, code, said)
		}
	}
	if code, said := run(t, []string{"MINTKEY_ALLOW_HTTP=perhaps"}, "token", "--url", "http://mintkey.invalid"); code != 2 {
		t.Errorf("perhaps: exit code %d: %s", code, said)
	}
	if code, said := run(t, nil, "token", "--url", "https://ada:hunter2@mintkey.invalid"); code != 2 || strings.Contains(said, "hunter2") {
		t.Errorf("a password in the URL: exit code %d: %s", code, said)
	}
}

func TestClocksThatAreApart(t *testing.T) {
	late := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-10*time.Minute).UTC().Format(http.TimeFormat))
		ordinary(w, r)
	}
	server := newFakeServer(t, late, late)
	server.Start()
	code, said := run(t, nil, "token", "--url", server.URL)
	if code != 0 || strings.Count(said, "warning: the clock of this machine is 10m") != 1 {
		t.Errorf("late: exit code %d: %s", code, said)
	}
	if code, said := run(t, nil, "token", "--url", server.URL); code != 0 || !strings.Contains(said, "10m") {
		t.Errorf("late again: exit code %d: %s", code, said)
	}
	if code, said := run(t, nil, "token", "--url", server.URL); code != 0 || strings.Contains(said, "clock") {
		t.Errorf("in step: exit code %d: %s", code, said)
	}
}

type brokenOutput struct{}

func (brokenOutput) Write([]byte) (int, error) { panic("out of order") }

// A panic is a failure of this program, not of its user.
func TestPanicIsNoUsageError(t *testing.T) {
	var said bytes.Buffer
	err := mintkey.Run(t.Context(), []string{"version"}, nil, strings.NewReader(""), brokenOutput{}, &said)
	if got := mintkey.ExitCode(err); got != 1 {
		t.Errorf("exit code %d", got)
	}
	if !strings.Contains(said.String(), "this is a bug in mintkey") || !strings.Contains(said.String(), "brokenOutput") {
		t.Errorf("it says %s", said.String())
	}
}
