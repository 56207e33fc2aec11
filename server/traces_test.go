package server_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"mintkey/server"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
	"mintkey/traces"
)

// received is what a collector has got by OTLP over HTTP.
type received struct {
	mu    sync.Mutex
	bytes []byte // decompressed, of all requests
	spans []*trace.Span
}

func (c *received) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	text, err := io.ReadAll(body)
	var message collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(text, &message)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, fmt.Sprint(r.URL.Path, err), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes = append(c.bytes, text...)
	for _, resource := range message.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	}
}

// A trace has what a request cost and nothing of what was in it: no secret, path, query, body or record. A request that comes through a
// trusted proxy continues its trace; that of a stranger has one of its own.
func TestTraces(t *testing.T) {
	got := &received{}
	sink := httptest.NewServer(got)
	defer sink.Close()
	started, err := traces.Start(t.Context(), traces.Options{
		Endpoint: sink.URL, Version: "test", Failed: func(err error) { t.Error(err) },
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := redisstore.Open(t.Context(), redistest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Trace(started.WithinRequests()); err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, opened, func(o *server.Options) { o.Trace = started.Handler })
	const parent = "0af7651916cd43dd8448eb211c80319c"
	continues := func(peer string) func(*http.Request) {
		return func(r *http.Request) {
			r.RemoteAddr = peer
			r.Header.Set("Traceparent", "00-"+parent+"-b7ad6b7169203331-01")
		}
	}
	token := w.tokenOf(w.ada, "")
	w.exchange(w.mia).want(200)
	w.postForm(inBody(w.mia), continues("10.0.0.1:1234")).want(200)
	w.postForm(inBody(w.mia), continues("192.0.2.1:1234")).want(200)
	w.get(w.ada, "/admin/v1/tenants/forge/keys/"+w.mia.clientID).want(200)
	w.raw(http.MethodGet, "/console/keys/pick-up/ABCDEFGHIJKLMNOPQRSTUVWXYZ?code=hidden", func(r *http.Request) {
		r.Header.Set("User-Agent", "mks_0123456789")
		r.Host = "stranger.example"
	})
	w.raw("M"+w.mia.clientID, "/nowhere")
	w.run()() // reads the store all the time, for no request
	if err := started.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	names, continued := map[string]int{}, 0
	for _, span := range got.spans {
		names[span.Name]++
		if fmt.Sprintf("%x", span.TraceId) == parent && span.Kind == trace.Span_SPAN_KIND_SERVER {
			continued++
		}
		if span.Kind == trace.Span_SPAN_KIND_CLIENT && len(span.ParentSpanId) == 0 {
			t.Errorf("%s belongs to no request", span.Name)
		}
	}
	for _, name := range []string{
		"POST /oauth2/token", "GET /admin/v1/tenants/{tenant}/keys/{client_id}", "GET /console", "other none",
	} {
		if names[name] == 0 {
			t.Errorf("no span %q among %v", name, names)
		}
	}
	if continued != 1 {
		t.Errorf("%d requests continue a trace, want that of the proxy alone", continued)
	}
	if !slices.ContainsFunc(got.spans, func(s *trace.Span) bool { return s.Kind == trace.Span_SPAN_KIND_CLIENT }) {
		t.Errorf("no command of Redis is in the traces: %v", names)
	}
	for _, hidden := range []string{
		w.mia.clientID, w.mia.secret, token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "hidden", "mks_", "stranger.example", "forge", "mintkey:",
	} {
		if bytes.Contains(got.bytes, []byte(hidden)) {
			t.Errorf("the traces contain %s", hidden)
		}
	}
	if !strings.Contains(string(got.bytes), "service.name") || !strings.Contains(string(got.bytes), "/oauth2/token") {
		t.Error("the traces lack the name of the service, or the route")
	}
}
