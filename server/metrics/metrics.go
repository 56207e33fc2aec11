package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mintkey/policy"
	"mintkey/store"
)

// Metrics is all metrics of one server. Make one with New; its methods may be called from many goroutines.
type Metrics struct {
	Registry *prometheus.Registry

	tokens     *prometheus.CounterVec
	refusals   *prometheus.CounterVec
	reasons    []prometheus.Counter // by store.Outcome
	quotas     *prometheus.CounterVec
	requests   *prometheus.HistogramVec
	responses  [len(classes)]prometheus.Counter // by class of status
	overloaded *prometheus.CounterVec
	signIns    *prometheus.CounterVec

	deliveries  *prometheus.CounterVec
	tasksDone   *prometheus.GaugeVec
	tasksFailed *prometheus.CounterVec

	storeTook   *prometheus.HistogramVec
	storeErrors *prometheus.CounterVec
}

// Build is what the program was built from.
type Build struct{ Version, Revision, Go string }

// New returns metrics in which nothing was counted.
func New(build Build) *Metrics {
	m := &Metrics{Registry: prometheus.NewRegistry()}
	m.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauge("mintkey_build_info", "What the program was built from; always 1.", prometheus.Labels{
		"version": build.Version, "revision": build.Revision, "go": build.Go,
	}, func() float64 { return 1 })
	m.countTokens()
	m.countRequests()
	m.countWork()
	m.countStore()
	return m
}

func (m *Metrics) countTokens() {
	m.tokens = m.counters("mintkey_tokens_issued_total", "Tokens issued, by grant type.", "grant_type")
	m.refusals = m.counters("mintkey_token_refusals_total", "Requests for a token that were refused, by OAuth error.", "error")
	m.quotas = m.counters("mintkey_quota_exceeded_total",
		"Requests for a token past a quota, by budget and by whether they were refused or only reported.", "budget", "outcome")
	for _, budget := range []string{"quota-key", "quota-tenant"} {
		m.quotas.WithLabelValues(budget, "refused")
		m.quotas.WithLabelValues(budget, "reported")
	}
	reasons := m.counters("mintkey_client_refusals_total",
		"Clients that were refused, by the reason that only the audit trail has: unknown and revoked ones up to a minute late.", "reason")
	for reason := store.RefusedWrongSecret; reason.Known(); reason++ {
		m.reasons = append(m.reasons, reasons.WithLabelValues(reason.String()))
	}
	m.signIns = m.counters("mintkey_console_sign_ins_total", "Attempts to sign in to the console, by method and outcome.", "method", "outcome")
	for _, method := range policy.SignInMethods() {
		m.signIns.WithLabelValues(method, "signed_in")
		m.signIns.WithLabelValues(method, "refused")
	}
}

func (m *Metrics) countRequests() {
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "mintkey_http_request_duration_seconds", Help: "Time to answer a request, by route, method and status.",
		Buckets: []float64{.0002, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	}, []string{"route", "method", "status"})
	m.Registry.MustRegister(m.requests)
	responses := m.counters("mintkey_http_responses_total", "Requests that were answered, by status.", "status")
	for i, class := range classes {
		m.responses[i] = responses.WithLabelValues(class)
	}
	m.overloaded = m.counters("mintkey_requests_turned_away_total",
		"Requests that got 503 because too many others were waiting, or because they had waited too long.", "queue")
}

// TokenEndpoint says what the token endpoint can do: its path, its grant types and the OAuth errors that it may answer with.
func (m *Metrics) TokenEndpoint(path string, grantTypes, oauthErrors []string) {
	for _, grantType := range grantTypes {
		m.tokens.WithLabelValues(grantType)
	}
	for _, code := range oauthErrors {
		m.refusals.WithLabelValues(code)
	}
	// Of the other routes, a few hundred series would be 0 on most servers for ever. mintkey_http_responses_total has all of them.
	for _, class := range []string{"2xx", "4xx", "5xx"} {
		m.requests.WithLabelValues(path, http.MethodPost, class)
	}
}

// TokenIssued counts a token.
func (m *Metrics) TokenIssued(grantType string) { m.tokens.WithLabelValues(grantType).Inc() }

// TokenRefused counts a request for a token that was refused.
func (m *Metrics) TokenRefused(oauth string) { m.refusals.WithLabelValues(oauth).Inc() }

// ClientRefused counts refusals of clients for a reason.
func (m *Metrics) ClientRefused(reason store.Outcome, n int) {
	if i := int(reason - store.RefusedWrongSecret); i >= 0 && i < len(m.reasons) {
		m.reasons[i].Add(float64(n))
	}
}

// QuotaExceeded counts a request for a token past a quota.
func (m *Metrics) QuotaExceeded(budget string, reported bool) {
	outcome := "refused"
	if reported {
		outcome = "reported"
	}
	m.quotas.WithLabelValues(budget, outcome).Inc()
}

// SignedIn counts a session of the console that began.
func (m *Metrics) SignedIn(method string) { m.signIns.WithLabelValues(method, "signed_in").Inc() }

// SignInRefused counts an attempt at a session of the console that failed.
func (m *Metrics) SignInRefused(method string) { m.signIns.WithLabelValues(method, "refused").Inc() }

// TurnedAway counts a request that found a queue full.
func (m *Metrics) TurnedAway(queue string) { m.overloaded.WithLabelValues(queue).Inc() }

// Answered counts a request. The method must be one of a fixed set.
func (m *Metrics) Answered(route, method string, status int, took time.Duration) {
	class := min(max(status/100, 0), len(classes)-1)
	m.requests.WithLabelValues(route, method, classes[class]).Observe(took.Seconds())
	m.responses[class].Inc()
}

var classes = [...]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{})
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.Registry.MustRegister(vec)
	return vec
}

func (m *Metrics) gauge(name, help string, labels prometheus.Labels, read func() float64) {
	m.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

func (m *Metrics) counter(name, help string, labels prometheus.Labels, read func() float64) {
	m.Registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// at is an instant in seconds since 1970, and 0 for none.
func at(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
