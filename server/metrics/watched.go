package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mintkey/store"
	"mintkey/tokens"
)

// Parts are what metrics are read from whenever Prometheus asks. Every field is required unless its comment says otherwise.
type Parts struct {
	Hashed      func() uint64        // passwords, since the start
	ClockOffset func() time.Duration // how far this server is ahead of the store
	Histories   func() int64         // how often the store became another one
	Lost        func() error         // why the store can't be used
	Store       store.Store
	Certificate func() time.Time // when it ends; nil for plain http
	SigningKeys func() []tokens.SigningKeyTimes
	Streams     func() int       // of revocations, open
	Followed    func() time.Time // when the log of revocations was last read
	Listed      func() time.Time // when the status lists were last brought up to date
	State       func() store.OperatorState
	Connections func() int
	Queues      []Queue
}

// Queue is where requests wait for their turn.
type Queue struct {
	Name string
	Load func() (working, waiting int)
	// Door says that only those that wait are told: what it has let in is in another queue.
	Door bool
}

// Watch registers the metrics that are read from the parts of a server.
func (m *Metrics) Watch(p Parts) {
	m.counter("mintkey_passwords_hashed_total", "Passwords that were hashed, to check or to set them.", nil,
		func() float64 { return float64(p.Hashed()) })
	m.gauge("mintkey_clock_offset_seconds", "How far the clock of this server is ahead of the store's; 0 for a store without one.", nil,
		func() float64 { return p.ClockOffset().Seconds() })
	m.gauge("mintkey_connections", "Connections that are open, without those over TLS.", nil,
		func() float64 { return float64(p.Connections()) })
	if p.Certificate != nil {
		m.gauge("mintkey_tls_certificate_expires_seconds", "When the TLS certificate in use expires, in seconds since 1970.", nil,
			func() float64 { return at(p.Certificate()) })
	}
	m.watchStore(p)
	m.watchRevocations(p)
	m.watchState(p.State)
	m.watchQueues(p.Queues)
	m.Registry.MustRegister(signingKeys{p.SigningKeys})
}

// watchStore registers metrics of how the store does. One that does not tell is a file, and always there.
func (m *Metrics) watchStore(p Parts) {
	availability := func() store.Availability { return store.Availability{Up: true} }
	if remote, ok := p.Store.(interface{ Availability() store.Availability }); ok {
		availability = remote.Availability
	}
	refused := func() error { return nil }
	if gate, ok := p.Store.(interface{ ChangesRefused() error }); ok {
		refused = gate.ChangesRefused
	}
	m.gauge("mintkey_store_up", "1 if the store can be reached, as far as is known, 0 if not.", nil,
		func() float64 { return oneIf(availability().Up) })
	m.gauge("mintkey_store_waiting", "Commands to the store that have no answer yet.", nil,
		func() float64 { return float64(availability().Waiting) })
	m.gauge("mintkey_store_lost", "1 while the store is emptied, or another one than was opened.", nil,
		func() float64 { return oneIf(p.Lost() != nil) })
	m.gauge("mintkey_changes_refused", "1 while changes are refused, as on a full disk; tokens are issued all the same.", nil,
		func() float64 { return oneIf(refused() != nil) })
	m.counter("mintkey_store_history_changes_total",
		"How often the store became another one: a restore, or a failover that lost changes.", nil,
		func() float64 { return float64(p.Histories()) })
}

func (m *Metrics) watchRevocations(p Parts) {
	m.gauge("mintkey_revocation_streams", "Gateways that listen to revocations at this server.", nil,
		func() float64 { return float64(p.Streams()) })
	m.gauge("mintkey_revocations_read_timestamp_seconds", "When this server last knew all revocations of the others.", nil,
		func() float64 { return at(p.Followed()) })
	m.gauge("mintkey_status_lists_read_timestamp_seconds", "When this server last brought its status lists up to date.", nil,
		func() float64 { return at(p.Listed()) })
}

// watchState registers what is the same on every server of a store.
func (m *Metrics) watchState(state func() store.OperatorState) {
	for _, row := range store.CensusStates() {
		m.gauge("mintkey_access_keys", "Access keys in the store, by state.", prometheus.Labels{"state": string(row)},
			func() float64 { return float64(state().Census.Keys[row]) })
	}
	for i, row := range store.CensusDays() {
		m.gauge("mintkey_access_keys_expiring", "Access keys that work and expire within so many days.",
			prometheus.Labels{"within_days": row.Label}, func() float64 { return float64(state().Census.Expiring[i]) })
	}
	m.gauge("mintkey_access_keys_counted_timestamp_seconds", "When the access keys were last counted; 0 for never.", nil,
		func() float64 { return at(state().Census.At) })
	m.gauge("mintkey_last_backup_timestamp_seconds", "When mintkey backup last succeeded on this store; 0 for never.", nil,
		func() float64 { return at(state().BackupAt) })
	m.gauge("mintkey_outbox_entries", "Events that wait to be told to people, programs or gateways; at most 10,000 are counted.", nil,
		func() float64 { return float64(state().Backlog.Entries) })
	m.gauge("mintkey_outbox_oldest_timestamp_seconds", "When the oldest event in the outbox happened; 0 for an empty one.", nil,
		func() float64 { return at(state().Backlog.Oldest) })
}

func (m *Metrics) watchQueues(queues []Queue) {
	for _, q := range queues {
		labels := prometheus.Labels{"queue": q.Name}
		m.gauge("mintkey_requests_waiting", "Requests that wait for their turn.", labels,
			func() float64 { _, waiting := q.Load(); return float64(waiting) })
		m.overloaded.WithLabelValues(q.Name)
		if q.Door {
			continue
		}
		m.gauge("mintkey_requests_in_work", "Requests that are worked on.", labels,
			func() float64 { working, _ := q.Load(); return float64(working) })
	}
}

// signingKeys tells when the signing keys began, and will be replaced.
type signingKeys struct {
	times func() []tokens.SigningKeyTimes
}

func signingKeyDescriptions() (active, rotates *prometheus.Desc) {
	labels := []string{"algorithm"}
	return prometheus.NewDesc("mintkey_signing_key_active_timestamp_seconds", "Since when the signing key signs.", labels, nil),
		prometheus.NewDesc("mintkey_signing_key_rotates_timestamp_seconds",
			"When the signing key will be replaced by the next one; 0 if that is done by hand only.", labels, nil)
}

// Describe implements prometheus.Collector.
func (signingKeys) Describe(to chan<- *prometheus.Desc) {
	active, rotates := signingKeyDescriptions()
	to <- active
	to <- rotates
}

// Collect implements prometheus.Collector.
func (k signingKeys) Collect(to chan<- prometheus.Metric) {
	active, rotates := signingKeyDescriptions()
	for _, key := range k.times() {
		to <- prometheus.MustNewConstMetric(active, prometheus.GaugeValue, at(key.ActiveFrom), string(key.Algorithm))
		to <- prometheus.MustNewConstMetric(rotates, prometheus.GaugeValue, at(key.Rotates), string(key.Algorithm))
	}
}
