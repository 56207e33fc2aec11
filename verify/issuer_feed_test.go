package verify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	pushID     = "mk_gate.way-1"
	pushSecret = "mks_a%b c"
)

// feed is the issuer's log of revocations, and whoever follows it.
type feed struct {
	mu      sync.Mutex
	events  []string
	changed chan struct{} // closed and replaced when something is added
	broken  chan struct{} // closed and replaced to hang up on everybody
	silent  bool          // no heartbeats
	resumed []string      // the Last-Event-ID of each request
}

func newFeed() *feed { return &feed{changed: make(chan struct{}), broken: make(chan struct{})} }

func (f *feed) add(t testing.TB, event object) {
	t.Helper()
	data, err := json.Marshal(event)
	mustDo(t, err)
	f.addRaw("revocation", string(data))
}

func (f *feed) addRaw(kind, data string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", len(f.events)+1, kind, data))
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.broken)
	f.broken = make(chan struct{})
}

func (f *feed) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.resumed...)
}

// token gives the one client that may listen a token for listening.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	if id != pushID || secret != pushSecret || r.PostFormValue("grant_type") != "client_credentials" ||
		r.PostFormValue("scope") != "tokens:introspect" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_ = json.NewEncoder(w).Encode(object{"access_token": "may-listen", "token_type": "Bearer", "expires_in": 900})
}

func (i *issuer) revocations(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer may-listen" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	f := i.feed
	last := r.Header.Get("Last-Event-ID")
	f.mu.Lock()
	f.resumed = append(f.resumed, last)
	sent := len(f.events)
	if last != "" {
		sent, _ = strconv.Atoi(last)
	}
	broken := f.broken
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	heartbeat := time.NewTicker(15 * time.Second)
	defer heartbeat.Stop()
	for {
		f.mu.Lock()
		fresh, changed, silent := f.events[sent:], f.changed, f.silent
		f.mu.Unlock()
		for _, event := range fresh {
			_, _ = fmt.Fprint(w, event)
		}
		sent += len(fresh)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-broken:
			return
		case <-changed:
		case <-heartbeat.C:
			if !silent {
				_, _ = fmt.Fprint(w, ": still here\n\n")
			}
		}
	}
}
