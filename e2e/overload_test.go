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
	duringStorm      = 200              // requests of each kind that the other tenant makes meanwhile
	stormMemory      = 200 << 10        // kB while the storm lasts; it is about 110 MB, and 230 MB if net/http keeps every connection
	calmMemory       = 110 << 10        // kB a while after it
	calmsDown        = 10 * time.Minute // for any machine; Go gives memory back by and by
)

// One tenant fetches tokens on 5,000 connections at once. It gets tokens and 503, and nothing else; the other tenant and the administration
// go on; the server's memory stays in bounds, and is given back afterwards. Who is served first is tested in server/admission, and how
// little the other tenant notices is measured by "bench storms": both sides are on the same processors here.
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

	connections := stormConnections
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*stormConnections {
		connections = int(limit.Cur) / 4
		t.Logf("only %d connections: the limit of descriptors is %d", connections, limit.Cur)
	}
	stop := w.rage(stormy, connections)
	e2etest.Eventually(t, "all connections are open", func() error {
		if opened := int(w.opened.Load()); opened < connections && !t.Failed() {
			return fmt.Errorf("%d are", opened)
		}
		return nil
	})
	for range duringStorm {
		var both sync.WaitGroup
		both.Go(func() { w.token(quiet.AccessKey, "") })
		both.Go(func() { w.call(admin, http.MethodGet, "/admin/v1/tenants/quiet/keys", "") })
		both.Wait()
	}
	peak := memoryOf(t, s, "VmHWM")
	stop()
	t.Logf("%d connections: %d answers, %d of them 503; the other tenant was told %d times to come again; memory %d MiB",
		connections, w.answered.Load(), w.turnedAway.Load(), w.cameAgain.Load(), peak>>10)
	if failed := w.failed.Load(); failed > 0 {
		t.Errorf("%d of %d answers were neither a token nor 503", failed, w.answered.Load())
	}
	if peak > stormMemory {
		t.Errorf("memory is %d MiB, want %d at most", peak>>10, stormMemory>>10)
	}
	if err := e2etest.Within(calmsDown, func() error {
		if calm := memoryOf(t, s, "VmRSS"); calm > calmMemory {
			return fmt.Errorf("memory is still %d MiB, want %d at most", calm>>10, calmMemory>>10)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// storm is who sends the requests.
type storm struct {
	t            *testing.T
	address, url string

	opened, answered   atomic.Int64 // connections, and requests on them
	turnedAway, failed atomic.Int64 // of those that were answered: by 503, and by anything else that is no token
	cameAgain          atomic.Int64 // how often the others did, after 503
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

// do makes a request until it is answered by something else than 503, which says that the server has too much to do now.
func (w *storm) do(request *http.Request) []byte {
	for {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			w.t.Error(err)
			return nil
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "" && request.GetBody != nil {
			w.cameAgain.Add(1)
			request.Body, _ = request.GetBody()
			continue
		}
		if response.StatusCode >= http.StatusBadRequest {
			w.t.Errorf("%s %s: %d %s", request.Method, request.URL.Path, response.StatusCode, body)
		}
		return body
	}
}

// rage fetches tokens on all connections until stop is called, which waits for the last answers.
func (w *storm) rage(key accessKey, connections int) (stop func()) {
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
	for range connections {
		all.Go(func() {
			connection, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", w.address)
			if err != nil {
				w.t.Error(err)
				return
			}
			defer connection.Close()
			w.opened.Add(1)
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
				w.answered.Add(1)
				switch response.StatusCode {
				case http.StatusOK:
				case http.StatusServiceUnavailable: // it has waited for too long behind its own
					w.turnedAway.Add(1)
				default:
					w.failed.Add(1)
				}
			}
		})
	}
	return func() {
		ended.Store(true)
		all.Wait()
	}
}
