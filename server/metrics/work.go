package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mintkey/store"
)

// Work is what may be counted of the work in the background: names of tasks, of channels, and of how a delivery ended.
type Work struct{ Tasks, Channels, Attempts []string }

func (m *Metrics) countWork() {
	m.deliveries = m.counters("mintkey_deliveries_total",
		"Attempts to deliver an event, by channel and outcome: done (sent, or for nobody), failed (will be tried again), gave_up.",
		"channel", "outcome")
	m.tasksFailed = m.counters("mintkey_task_failures_total", "Repeated tasks that failed, by task; they are tried again.", "task")
	m.tasksDone = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "mintkey_task_success_timestamp_seconds",
		Help: "When this server last did a repeated task; 0 for never. All but outbox are done by one server at a time.",
	}, []string{"task"})
	m.Registry.MustRegister(m.tasksDone)
}

// Background says what work there is.
func (m *Metrics) Background(w Work) {
	for _, task := range w.Tasks {
		m.tasksFailed.WithLabelValues(task)
		m.tasksDone.WithLabelValues(task)
	}
	for _, channel := range w.Channels {
		for _, attempt := range w.Attempts {
			m.deliveries.WithLabelValues(channel, attempt)
		}
	}
}

// Delivered counts an attempt to deliver an event.
func (m *Metrics) Delivered(channel, outcome string) {
	m.deliveries.WithLabelValues(channel, outcome).Inc()
}

// CountSent registers a counter of what a channel has really sent: mails, or webhooks.
func (m *Metrics) CountSent(channel string, sent func() int64) {
	m.counter("mintkey_messages_sent_total", "Messages that a mail server or the receiver of webhooks has taken, by channel.",
		prometheus.Labels{"channel": channel}, func() float64 { return float64(sent()) })
}

// TaskDone counts how an attempt at a task ended.
func (m *Metrics) TaskDone(task string, now time.Time, err error) {
	if err != nil {
		m.tasksFailed.WithLabelValues(task).Inc()
		return
	}
	m.tasksDone.WithLabelValues(task).Set(at(now))
}

func (m *Metrics) countStore() {
	m.storeTook = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "mintkey_store_duration_seconds", Help: "Time that the store took, by kind of operation: read or change.",
		Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	}, []string{"operation"})
	m.Registry.MustRegister(m.storeTook)
	m.storeErrors = m.counters("mintkey_store_errors_total", "Operations of the store that failed, not those that it refused with reason.",
		"operation")
}

// StoreMeter measures a store by a clock.
func (m *Metrics) StoreMeter(now func() time.Time) store.Meter {
	meter := &storeMeter{now: now}
	for _, kind := range []store.Operation{store.Read, store.Change} {
		meter.took[kind] = m.storeTook.WithLabelValues(kind.String())
		meter.errors[kind] = m.storeErrors.WithLabelValues(kind.String())
	}
	return meter
}

type storeMeter struct {
	now    func() time.Time
	took   [2]prometheus.Observer
	errors [2]prometheus.Counter
}

// Began implements store.Meter.
func (s *storeMeter) Began() time.Time { return s.now() }

// Ended implements store.Meter.
func (s *storeMeter) Ended(operation store.Operation, began time.Time, failed bool) {
	s.took[operation].Observe(s.now().Sub(began).Seconds())
	if failed {
		s.errors[operation].Inc()
	}
}
