package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mintkey/server"
)

// pushed is one server-sent event.
type pushed struct {
	ID   string `json:"-"`
	Idx  *int   `json:"idx"`
	URI  string `json:"uri"`
	JTI  string `json:"jti"`
	Who  string `json:"client_id"`
	Exp  int64  `json:"exp"`
	text string
}

// listen opens a stream on a real connection, and returns what comes.
func (w *world) listen(ctx context.Context, at string, token, lastEventID string) <-chan pushed {
	w.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/oauth2/revocations", nil)
	w.must(err)
	r.Header.Set("Authorization", "Bearer "+token)
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := http.DefaultClient.Do(r) //nolint:bodyclose // by the goroutine that reads it
	w.must(err)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		w.Fatalf("the stream answered %s, %s", response.Status, response.Header.Get("Content-Type"))
	}
	events := make(chan pushed, 100)
	go func() {
		defer close(events)
		defer func() { _ = response.Body.Close() }()
		var event pushed
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); {
			case name == "id":
				event.ID = value
			case name == "data":
				_ = json.Unmarshal([]byte(value), &event)
				event.text = value
			case lines.Text() == "" && event.ID != "":
				events <- event
				event = pushed{}
			}
		}
	}()
	return events
}

func TestRevocationsArePushed(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.serve(func(o *server.Options) { o.ClockOffset = time.Until(start) }) // deadlines on a connection are real time
		live := httptest.NewServer(w.server.Handler())
		defer live.Close()
		defer w.run()()
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		gateway := w.tokenOf(w.tom, "tokens:introspect")
		events := w.listen(ctx, live.URL, gateway, "")

		p := w.makeKey(w.ada, w.mia, "api")
		foreign := w.tokenOf(w.gil, "")
		w.sendForm(w.gil, "/oauth2/revoke", form{"token": {foreign}}).want(200) // of another account: not for this gateway
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
		first := <-events
		if first.Who != p.clientID || first.Idx == nil || first.URI != issuer+"/oauth2/status-lists/0" ||
			first.Exp < start.Add(tokenLifetime).Unix() {
			w.Errorf("the first event is %s", first.text)
		}
		single := w.tokenOf(w.mia, "")
		w.sendForm(w.mia, "/oauth2/revoke", form{"token": {single}}).want(200)
		second := <-events
		if second.JTI != w.claims(single).ID || second.Idx != nil {
			w.Errorf("the second event is %s", second.text)
		}
		// A resumed stream gets what it missed, and a new one gets everything still in force.
		if again := <-w.listen(ctx, live.URL, gateway, first.ID); again.ID != second.ID {
			w.Errorf("resumed with %s", again.text)
		}
		if again := <-w.listen(ctx, live.URL, gateway, ""); again.ID != first.ID {
			w.Errorf("a new stream begins with %s", again.text)
		}
		w.server.EndStreams()
		for event := range events {
			w.Errorf("one more event: %s", event.text)
		}
	})
}

func TestStreamsAreForGateways(t *testing.T) {
	w := newWorld(t)
	w.server.EndStreams() // so that one that opens ends at once
	w.get(w.tom, "/oauth2/revocations").want(200)
	w.get(scoped{w.tom, "self"}, "/oauth2/revocations").wantError(403, "insufficient_scope")
	w.get(scoped{w.tom, "api"}, "/oauth2/revocations").wantError(401, "invalid_token") // is for the API
	w.do(w.request("GET", "/oauth2/revocations", nil)).want(401)
	twice := w.request("GET", "/oauth2/revocations", nil)
	authorization("Bearer "+w.tokenOf(w.tom, ""), "Bearer x")(twice)
	w.do(twice).wantError(401, "invalid_token")
}
