package server

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the numbers that operators watch. No label ever holds a name or an ID of somebody.
type metrics struct {
	registry *prometheus.Registry
	tokens   *prometheus.CounterVec
	refusals *prometheus.CounterVec
	requests *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mintkey_tokens_issued_total", Help: "Tokens issued, by grant type.",
		}, []string{"grant_type"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mintkey_token_refusals_total", Help: "Requests for a token that were refused, by OAuth error.",
		}, []string{"error"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mintkey_http_request_duration_seconds", Help: "Time to answer a request, by route, method and status.",
			Buckets: []float64{.0002, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"route", "method", "status"}),
	}
	m.registry.MustRegister(m.tokens, m.refusals, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) issued(grantType string) { m.tokens.WithLabelValues(grantType).Inc() }
func (m *metrics) refused(oauth string)    { m.refusals.WithLabelValues(oauth).Inc() }

func (m *metrics) observeRequest(route, method string, status int, took time.Duration) {
	if route == "none" {
		method = "any" // a stranger chooses the method of a path that does not exist
	}
	m.requests.WithLabelValues(route, method, statusClass(status)).Observe(took.Seconds())
}

func statusClass(status int) string {
	classes := [...]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}
	return classes[min(max(status/100, 0), len(classes)-1)]
}

// OpsHandler serves /healthz (the process runs), /readyz (it can do its work) and /metrics, for operators only: give it an
// address that the public does not reach.
func (s *Server) OpsHandler() http.Handler {
	ops := http.NewServeMux()
	ops.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": s.version})
	})
	ops.HandleFunc("GET /readyz", s.ready)
	ops.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	return ops
}

const pingTimeout = 2 * time.Second

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		s.log.WarnContext(ctx, "not ready", "error", err)
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "unreachable"})
		return
	}
	if _, err := s.ring.JWKS(s.now()); err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "signing_keys": "none"})
		return
	}
	answer := map[string]string{"status": "ready"}
	// Tokens go on, so it is ready; but who looks should see that changes are refused.
	if gate, ok := s.store.(interface{ Refusal() error }); ok && gate.Refusal() != nil {
		answer["changes"] = "refused: " + gate.Refusal().Error()
	}
	writeJSON(w, http.StatusOK, answer)
}
