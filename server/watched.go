package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"mintkey/server/metrics"
	"mintkey/store"
	"mintkey/tokens"
)

// watched is what background work notes for the metrics.
type watched struct {
	followed, listed atomic.Int64 // in nanoseconds since 1970, by the real time; 0 for never
	state            atomic.Pointer[store.OperatorState]
}

// The names of the queues in metrics.
const (
	queueOfPrograms       = "programs"
	queueOfAdministration = "administration"
	queueOfDoor           = "door"
)

// watchParts lets the metrics read from the parts of the server. Call it once all of them are made.
func (s *Server) watchParts() {
	at := func(nanoseconds *atomic.Int64) func() time.Time {
		return func() (t time.Time) {
			if known := nanoseconds.Load(); known != 0 {
				t = time.Unix(0, known)
			}
			return t
		}
	}
	parts := metrics.Parts{
		Hashed: s.Hasher.Hashed, ClockOffset: s.Agreed.Offset, Histories: s.Watch.Histories, Lost: s.Watch.Lost, Store: s.Store,
		SigningKeys: func() []tokens.SigningKeyTimes { return s.KeyRing.Times(s.Now()) },
		Streams:     s.oauth.Streams, Followed: at(&s.watched.followed), Listed: at(&s.watched.listed),
		State: func() (state store.OperatorState) {
			if known := s.watched.state.Load(); known != nil {
				state = *known
			}
			return state
		},
		Connections: func() int { open, _ := s.door.Connections(); return open },
		Queues: []metrics.Queue{
			{Name: queueOfPrograms, Load: s.work.Load},
			{Name: queueOfAdministration, Load: s.administration.Load},
			{Name: queueOfDoor, Load: s.door.Queue.Load, Door: true},
		},
	}
	if s.Certificate != nil {
		parts.Certificate = s.Certificate.Expires
	}
	s.metrics.Watch(parts)
	if measured, ok := s.Store.(store.Measured); ok {
		measured.Measure(s.metrics.StoreMeter(s.Now))
	}
}

// readForOperators reads what is the same on every server. One that can't read it tells what it last knew.
func (s *Server) readForOperators(ctx context.Context) {
	if s.Watch.Lost() != nil {
		return
	}
	state, err := store.ReadOperatorState(ctx, s.Store)
	if err == nil {
		s.watched.state.Store(&state)
	}
	if ctx.Err() == nil {
		s.Outages.Note(ctx, s.Log, slog.LevelWarn, s.Now(), err, "reading the state for metrics failed; will retry")
	}
}

// Metrics counts what operators watch.
func (s *Server) Metrics() *metrics.Metrics { return s.metrics }
