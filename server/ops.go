package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mintkey/passwords"
	"mintkey/server/admission"
	"mintkey/server/door"
	"mintkey/server/web"
	"mintkey/store"
)

// metrics are the metrics for operators. No label has the name or the ID of anyone.
type metrics struct {
	registry *prometheus.Registry
	tokens   *prometheus.CounterVec
	refusals *prometheus.CounterVec
	quotas   *prometheus.CounterVec
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
		quotas: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mintkey_quota_exceeded_total",
			Help: "Requests for a token past a quota, by budget and by whether they were refused or only reported.",
		}, []string{"budget", "outcome"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mintkey_http_request_duration_seconds", Help: "Time to answer a request, by route, method and status.",
			Buckets: []float64{.0002, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"route", "method", "status"}),
	}
	m.registry.MustRegister(m.tokens, m.refusals, m.quotas, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// countHashes registers a metric of how busy the hasher is.
func (m *metrics) countHashes(h *passwords.Hasher) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "mintkey_passwords_hashed_total", Help: "Passwords that were hashed, to check or to set them.",
	}, func() float64 { return float64(h.Hashed()) }))
}

// tellClock registers a metric of how far the clock of this server is ahead of the store's.
func (m *metrics) tellClock(agreed *store.AgreedTime) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "mintkey_clock_offset_seconds", Help: "How far the clock of this server is ahead of the store's; 0 for a store without one.",
	}, func() float64 { return agreed.Offset().Seconds() }))
}

// tellStore registers metrics of how the store does. One that does not tell is a file, and always there.
func (m *metrics) tellStore(s store.Store) {
	availability := func() store.Availability { return store.Availability{Up: true} }
	if remote, ok := s.(interface{ Availability() store.Availability }); ok {
		availability = remote.Availability
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "mintkey_store_up", Help: "1 if the store can be reached, as far as is known, 0 if not.",
		}, func() float64 {
			if availability().Up {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "mintkey_store_waiting", Help: "Commands to the store that have no answer yet.",
		}, func() float64 { return float64(availability().Waiting) }))
}

// countHistories registers a metric of how often the history of the store went back.
func (m *metrics) countHistories(watch *store.Watch) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "mintkey_store_history_changes_total", Help: "How often the store became another one: a restore, or a failover that lost changes.",
	}, func() float64 { return float64(watch.Histories()) }))
}

// watchCertificate registers a metric of when the certificate expires, by which operators are warned before clients are.
func (m *metrics) watchCertificate(c Certificate) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "mintkey_tls_certificate_expires_seconds", Help: "When the TLS certificate in use expires, in seconds since 1970.",
	}, func() float64 { return float64(c.Expires().Unix()) }))
}

// countPlaces registers metrics of how full a queue is.
func (m *metrics) countPlaces(queue string, q *admission.Queue) {
	labels := prometheus.Labels{"queue": queue}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "mintkey_requests_in_work", Help: "Requests that are worked on.", ConstLabels: labels,
		}, func() float64 { taken, _ := q.Load(); return float64(taken) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "mintkey_requests_waiting", Help: "Requests that wait for their turn.", ConstLabels: labels,
		}, func() float64 { _, waiting := q.Load(); return float64(waiting) }),
	)
}

// countConnections registers metrics of what is before net/http.
func (m *metrics) countConnections(d *door.Door) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "mintkey_requests_waiting", Help: "Requests that wait for their turn.", ConstLabels: prometheus.Labels{"queue": "door"},
		}, func() float64 { _, waiting := d.Queue.Load(); return float64(waiting) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "mintkey_connections", Help: "Connections that are open, without those over TLS.",
		}, func() float64 { open, _ := d.Connections(); return float64(open) }),
	)
}

// TokenIssued counts a token.
func (m *metrics) TokenIssued(grantType string) { m.tokens.WithLabelValues(grantType).Inc() }

// TokenRefused counts a request for a token that was refused.
func (m *metrics) TokenRefused(oauth string) { m.refusals.WithLabelValues(oauth).Inc() }

// QuotaExceeded counts a request for a token past a quota.
func (m *metrics) QuotaExceeded(budget string, reported bool) {
	outcome := "refused"
	if reported {
		outcome = "reported"
	}
	m.quotas.WithLabelValues(budget, outcome).Inc()
}

func (m *metrics) observeRequest(route, method string, status int, took time.Duration) {
	if route == noRoute {
		method = "any" // anyone can send any method to a path that does not exist
	}
	m.requests.WithLabelValues(route, method, statusClass(status)).Observe(took.Seconds())
}

func statusClass(status int) string {
	classes := [...]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}
	return classes[min(max(status/100, 0), len(classes)-1)]
}

// OpsHandler serves /healthz (the process runs), /readyz (it can do its work) and /metrics. It is for operators only: serve it on an
// address that the public cannot reach.
func (s *Server) OpsHandler() http.Handler {
	ops := http.NewServeMux()
	ops.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		web.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": s.Version})
	})
	ops.HandleFunc("GET /readyz", s.ready)
	ops.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	return ops
}

const pingTimeout = 2 * time.Second

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.stopping.Load() {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	if lost := s.Watch.Lost(); lost != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "lost", "because": lost.Error()})
		return
	}
	if s.NeedsAccounts && s.Watch.NoAccounts() {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "no accounts"})
		return
	}
	err := s.Store.Ping(ctx)
	s.Outages.Note(ctx, s.Log, slog.LevelWarn, s.Now(), err, "readiness check failed")
	if errors.Is(err, store.ErrPrimaryInDoubt) {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "in doubt", "because": err.Error()})
		return
	}
	if err != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "unreachable"})
		return
	}
	if _, err := s.KeyRing.JWKS(s.Now()); err != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "signing_keys": "none"})
		return
	}
	answer := map[string]any{"status": "ready"}
	if r.URL.Query().Has("verbose") {
		warnings := append(append([]string{}, s.Warnings...), s.Agreed.Warnings()...)
		warnings = append(warnings, s.Watch.Warnings(s.Now())...)
		if s.Certificate != nil {
			warnings = append(warnings, s.Certificate.Warnings()...)
		}
		if s.WarningsNow != nil {
			warnings = append(warnings, s.WarningsNow()...)
		}
		answer["warnings"] = warnings
	}
	// Tokens are still issued, so the server is ready, but operators should see that changes are refused.
	if gate, ok := s.Store.(interface{ ChangesRefused() error }); ok {
		if refusal := gate.ChangesRefused(); refusal != nil {
			answer["changes"] = "refused: " + refusal.Error()
		}
	}
	web.WriteJSON(w, http.StatusOK, answer)
}
