package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

const (
	stormConnections = 5_000
	stormLength      = 10 * time.Second
	stormMemory      = 150 << 10 // kB while the storm lasts; it is about 110 MB, and 230 MB if net/http keeps every connection
	calmMemory       = 110 << 10 // kB a while after it
)

// One tenant fetches tokens on 5,000 connections at once. The other tenant and the administration notice little of it, the server's memory
// stays in bounds, and is given back afterwards.
func TestOneTenantsStorm(t *testing.T) {
	store := "bolt://" + filepath.Join(t.TempDir(), "mintkey.db")
	program := plainProgram(t)
	quiet := e2etest.Init(t, program, "quiet", "MINTKEY_STORE="+store)
	s := e2etest.NewServer(t, "mintkey", program, "", "--store", store, "--log-level", "error")
	s.Start()
	s.AwaitReady()
	w := &storm{t: t, address: strings.TrimPrefix(s.URL, "http://"), url: s.URL}
	admin := w.token(quiet.AccessKey, "keys:read keys:write tenants:write users:write")
	w.call(admin, http.MethodPost, "/admin/v1/accounts/acme/tenants", `{"id":"storm","name":"Storm","release":"24.3"}`)
	w.call(admin, http.MethodPut, "/admin/v1/tenants/storm/members/"+quiet.UserID, `{"role":"member"}`)
	stormy := decode[accessKey](t, w.call(admin, http.MethodPost, "/admin/v1/tenants/storm/keys", `{"user_id":"`+quiet.UserID+`"}`))

	measure := func() (tokens, lists latency) {
		var both sync.WaitGroup
		both.Go(func() { tokens = w.measure(func() { w.token(quiet.AccessKey, "") }) })
		both.Go(func() {
			lists = w.measure(func() { w.call(admin, http.MethodGet, "/admin/v1/tenants/quiet/keys", "") })
		})
		both.Wait()
		return tokens, lists
	}
	tokensAtRest, listsAtRest := measure()
	connections := stormConnections
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*stormConnections {
		connections = int(limit.Cur) / 4
		t.Logf("only %d connections: the limit of descriptors is %d", connections, limit.Cur)
	}
	begun := time.Now()
	stop := w.rage(stormy, connections)
	time.Sleep(2 * time.Second) // all connections are open
	tokens, lists := measure()
	peak := memoryOf(t, s, "VmHWM")
	answered, turnedAway, failed := stop()
	// Each connection sends its next request when it has an answer, so this is how long an answer takes on average.
	stormTakes := time.Since(begun) * time.Duration(connections) / time.Duration(max(answered, 1))
	t.Logf("%d connections: %d answers in %v on average, %d of them 503; memory %d MiB; tokens %v, at rest %v; lists %v, at rest %v",
		connections, answered, stormTakes, turnedAway, peak>>10, tokens, tokensAtRest, lists, listsAtRest)
	if failed > 0 {
		t.Errorf("%d of %d answers were neither a token nor 503", failed, answered)
	}
	if tokens.p99 > stormTakes || lists.p99 > stormTakes {
		t.Errorf("a hundredth of the other tenant's tokens take %v, of its lists %v, want less than the storm's own, %v",
			tokens.p99, lists.p99, stormTakes)
	}
	if tokens.median > stormTakes/4 || lists.median > stormTakes/4 {
		t.Errorf("half of the other tenant's tokens take %v, of its lists %v, want less than a quarter of the storm's own, %v",
			tokens.median, lists.median, stormTakes)
	}
	if peak > stormMemory {
		t.Errorf("memory is %d MiB, want %d at most", peak>>10, stormMemory>>10)
	}
	for deadline := time.Now().Add(2 * time.Minute); memoryOf(t, s, "VmRSS") > calmMemory; time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			t.Fatalf("memory is still %d MiB, want %d at most", memoryOf(t, s, "VmRSS")>>10, calmMemory>>10)
		}
	}
}

// storm is who sends the requests.
type storm struct {
	t            *testing.T
	address, url string
}

func (w *storm) token(key accessKey, scope string) string {
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	request, _ := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/oauth2/token", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	var body struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.do(request), &body); err != nil {
		w.t.Error(err)
	}
	return body.AccessToken
}

func (w *storm) call(token, method, path, body string) []byte {
	request, _ := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return w.do(request)
}

func (w *storm) do(request *http.Request) []byte {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Error(err)
		return nil
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode >= http.StatusBadRequest {
		w.t.Errorf("%s %s: %d %s", request.Method, request.URL.Path, response.StatusCode, body)
	}
	return body
}

// latency is how long half of the requests take at least, and a hundredth.
type latency struct{ median, p99 time.Duration }

func (l latency) String() string { return fmt.Sprintf("%v (p99 %v)", l.median, l.p99) }

// measure makes requests one after the other for some seconds.
func (w *storm) measure(request func()) latency {
	var took []time.Duration
	for begun := time.Now(); time.Since(begun) < stormLength/2; time.Sleep(10 * time.Millisecond) {
		sent := time.Now()
		request()
		took = append(took, time.Since(sent))
	}
	slices.Sort(took)
	return latency{took[len(took)/2].Round(100 * time.Microsecond), took[len(took)*99/100].Round(100 * time.Microsecond)}
}

// rage fetches tokens on all connections until stop is called, which returns how many answers there were, how many of them said that too
// many wait, and how many had any other error.
func (w *storm) rage(key accessKey, connections int) (stop func() (answered, turnedAway, failed int64)) {
	request, _ := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/oauth2/token",
		strings.NewReader("grant_type=client_credentials"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	var text bytes.Buffer
	if err := request.Write(&text); err != nil {
		w.t.Fatal(err)
	}
	var all sync.WaitGroup
	var ended atomic.Bool
	var answered, turnedAway, failed atomic.Int64
	for range connections {
		all.Go(func() {
			connection, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", w.address)
			if err != nil {
				w.t.Error(err)
				return
			}
			defer connection.Close()
			reader := bufio.NewReaderSize(connection, 2<<10)
			for !ended.Load() {
				if _, err := connection.Write(text.Bytes()); err != nil {
					w.t.Error(err)
					return
				}
				response, err := http.ReadResponse(reader, nil)
				if err != nil {
					w.t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				answered.Add(1)
				switch response.StatusCode {
				case http.StatusOK:
				case http.StatusServiceUnavailable: // it has waited for too long behind its own
					turnedAway.Add(1)
				default:
					failed.Add(1)
				}
			}
		})
	}
	return func() (int64, int64, int64) {
		ended.Store(true)
		all.Wait()
		return answered.Load(), turnedAway.Load(), failed.Load()
	}
}
