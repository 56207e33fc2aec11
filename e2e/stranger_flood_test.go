package e2e_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

var floodRequests = flag.Int("flood", 30_000, "how many requests TestStrangersLeaveNoTrace sends; make test-all sends 300,000")

const (
	floodGrowth  = 32 << 10  // kB of memory
	floodMetrics = 100 << 10 // bytes of /metrics
	floodLog     = 1 << 20   // bytes of log in a minute
)

// Whatever strangers invent, method, path, client ID, kid, audience or header, it is kept neither in memory, nor in the metrics, nor in
// the log.
func TestStrangersLeaveNoTrace(t *testing.T) {
	s := startPlain(t)
	before := memoryOf(t, s, "VmRSS")
	begun, logBefore := time.Now(), len(s.Log())
	flood(t, s, 0, *floodRequests)
	took := time.Since(begun)

	grown := memoryOf(t, s, "VmRSS") - before
	peak := memoryOf(t, s, "VmHWM") - before
	metrics := len(fetchText(t, s.OpsURL+"/metrics"))
	windows := int(took/time.Minute) + 2 // one may begin before, and one end after
	logged := len(s.Log()) - logBefore
	t.Logf("%d requests in %v; memory %d kB, then %+d (peak %+d); metrics %d bytes; log %d bytes", *floodRequests,
		took.Round(time.Second), before, grown, peak, metrics, logged)
	if grown > floodGrowth {
		t.Errorf("memory grew by %d MiB, want less than %d", grown>>10, floodGrowth>>10)
	}
	if metrics > floodMetrics {
		t.Errorf("/metrics has %d bytes, want less than %d", metrics, floodMetrics)
	}
	if logged > windows*floodLog {
		t.Errorf("the log grew by %d bytes in %v, want less than %d a minute", logged, took, floodLog)
	}
}

// plainProgram is mintkey without the race detector, which takes several times the memory and the time.
func plainProgram(t *testing.T) string {
	t.Helper()
	if !raceDetector {
		return mintkey
	}
	program := filepath.Join(t.TempDir(), "mintkey")
	if err := e2etest.Build(program, "-race=false"); err != nil {
		t.Fatal(err)
	}
	return program
}

// startPlain starts a server of plainProgram, with an empty store.
func startPlain(t *testing.T) *e2etest.Server {
	t.Helper()
	s := e2etest.NewServer(t, "mintkey", plainProgram(t), "", "--store", "bolt://"+filepath.Join(t.TempDir(), "mintkey.db"))
	s.Start()
	s.AwaitReady()
	return s
}

// flood sends requests number from to from+count, of each kind in turn, over a few connections.
func flood(t *testing.T, s *e2etest.Server, from, count int) {
	t.Helper()
	const connections = 8
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: connections},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	numbers := make(chan int)
	var senders sync.WaitGroup
	for range connections {
		senders.Go(func() {
			for n := range numbers {
				response, err := client.Do(strangersRequest(s.URL, n))
				if err != nil {
					t.Errorf("request %d: %v", n, err)
					continue
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if response.StatusCode < 300 || response.StatusCode >= 500 {
					t.Errorf("request %d was answered %d", n, response.StatusCode)
				}
			}
		})
	}
	for n := from; n < from+count && !t.Failed(); n++ {
		numbers <- n
	}
	close(numbers)
	senders.Wait()
}

// strangersRequest is the request of a number: no two are alike in what they invent.
func strangersRequest(base string, n int) *http.Request {
	method, path, body := http.MethodGet, "/", ""
	header := http.Header{"X-Request-Id": {fmt.Sprintf("stranger-%d", n)}, "User-Agent": {fmt.Sprintf("stranger/%d", n)}}
	id := strconv.Itoa(n)
	secretOf := func(client string) string {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {"mks_" + id}}.Encode()
	}
	switch n % 10 {
	case 0:
		method, path = "M"+id, "/oauth2/token"
	case 1:
		method, path = "M"+id+strings.Repeat("A", 10_000), "/oauth2/introspect"
	case 2:
		path = "/" + id + strings.Repeat("p", 5_000)
	case 3:
		path = "/console/tenants/" + id + "/keys?q=" + strings.Repeat("q", 5_000)
	case 4:
		method, path, body = http.MethodPost, "/oauth2/token", secretOf(id+strings.Repeat("c", 48_000))
	case 5:
		method, path, body = http.MethodPost, "/oauth2/token", secretOf(fmt.Sprintf("mk_%022d", n))
	case 6:
		path = "/oauth2/forward-auth?audience=https://" + id + ".example.com/" + strings.Repeat("a", 2_000)
		header.Set("Authorization", "Bearer "+forgedToken(id+strings.Repeat("k", 4_000)))
	case 7:
		method, path = http.MethodPost, "/oauth2/token"
		body = url.Values{
			"grant_type": {"password"}, "tenant_id": {id + strings.Repeat("t", 20_000)}, "username": {id + "@example.com"}, "password": {"x"},
			"scope": {id}, "resource": {"https://" + id + ".example.com"},
		}.Encode()
	case 8:
		method, path, body = http.MethodPost, "/v1/auth?TENANTID="+id, `{"user":"`+id+strings.Repeat("u", 30_000)+`","password":"x"}`
		header.Set("Content-Type", "application/json")
	case 9:
		path = "/oauth2/status-lists/" + strconv.Itoa(1+n)
		header.Set("X-"+id, strings.Repeat("h", 8_000))
	}
	request, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	if method == http.MethodPost && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header = header
	return request
}

// forgedToken has the form of a token of this server, with a kid that nobody has.
func forgedToken(kid string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"typ":"at+jwt","alg":"ES256","kid":"`+kid+`"}`)) + "." + part([]byte(`{"iss":"x"}`)) + "." + part(make([]byte, 64))
}

func fetchText(t *testing.T, from string) string {
	t.Helper()
	response, err := http.Get(from)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// memoryOf is a value of the process's status, in kB.
func memoryOf(t *testing.T, s *e2etest.Server, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Running.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindStringSubmatch(string(status))
	if found == nil {
		t.Fatalf("no %s in %s", name, status)
	}
	value, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return value
}
