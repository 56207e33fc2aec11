package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
)

// trafficRecorder counts requests for tokens and saves the counts in batches, so that a token costs no write. A minute of an access key is one
// count, however often somebody asks, and only keys that exist or did are counted: so guessing fills neither the memory nor the store.
type trafficRecorder struct {
	mu      sync.Mutex
	pending map[store.TrafficKey]store.TrafficCounts
	dropped int64 // requests that were not counted for want of room, since the last batch
}

// maxPendingTraffic bounds what waits while the store can't be written, at about 20 MB.
const maxPendingTraffic = 100_000

func newTrafficRecorder() *trafficRecorder {
	return &trafficRecorder{pending: map[store.TrafficKey]store.TrafficCounts{}}
}

// record counts a request of the source that was granted, or refused with the error. An error that is no refusal of the client is not counted.
// A client that nobody ever had has a source without an account, which takes as long (R4) and is never saved: /metrics has those.
func (t *trafficRecorder) record(source store.TrafficSource, err error, at time.Time) {
	if outcome, ok := outcomeOf(err); ok {
		t.add(source, at, outcome, 1)
	}
}

func (t *trafficRecorder) add(source store.TrafficSource, at time.Time, outcome store.Outcome, n int) {
	var counts store.TrafficCounts
	counts[outcome] = int64(n)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plus(store.TrafficKey{TrafficSource: source, Minute: at.Unix() / 60}, counts)
}

func (t *trafficRecorder) plus(key store.TrafficKey, counts store.TrafficCounts) {
	before, known := t.pending[key]
	if !known && len(t.pending) >= maxPendingTraffic {
		t.dropped += counts.Total()
		return
	}
	t.pending[key] = before.Plus(counts)
}

// take empties the recorder.
func (t *trafficRecorder) take() (taken map[store.TrafficKey]store.TrafficCounts, dropped int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken, dropped = t.pending, t.dropped
	t.pending, t.dropped = map[store.TrafficKey]store.TrafficCounts{}, 0
	for key := range taken {
		if key.AccountID == "" {
			delete(taken, key)
		}
	}
	return taken, dropped
}

func (t *trafficRecorder) putBack(counts map[store.TrafficKey]store.TrafficCounts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, some := range counts {
		t.plus(key, some)
	}
}

// outcomeOf says as what a request that ended with the error counts.
func outcomeOf(err error) (outcome store.Outcome, ok bool) {
	tooMany, guessed := errors.AsType[*tooManyError](err)
	switch {
	case err == nil:
		return store.TokenIssued, true
	case guessed:
		return outcomeOf(tooMany.because)
	case errors.Is(err, policy.ErrWrongSecret), errors.Is(err, web.ErrInvalidGrant):
		return store.RefusedWrongSecret, true
	case errors.Is(err, policy.ErrKeyExpired):
		return store.RefusedExpired, true
	case errors.Is(err, policy.ErrUserDisabled):
		return store.RefusedUserDisabled, true
	case errors.Is(err, web.ErrScopeNotGranted), errors.Is(err, web.ErrInvalidTarget),
		errors.Is(err, errUnknownClient): // of a client that is known: it belongs to another tenant than was named
		return store.RefusedRequest, true
	default:
		return 0, false
	}
}

// keySource is the access key of a client; its account is empty if there is none.
func (c client) keySource(clientID string) store.TrafficSource {
	if c.Account.ID == "" {
		return store.TrafficSource{}
	}
	return store.TrafficSource{AccountID: c.Account.ID, TenantID: c.Tenant.ID, ClientID: clientID}
}

func (s *Server) flushTraffic(ctx context.Context) {
	counts, dropped := s.traffic.take()
	if dropped > 0 {
		s.log.WarnContext(ctx, "too many counts of tokens wait to be saved; some are lost", slog.Int64("requests", dropped))
	}
	if len(counts) == 0 {
		return
	}
	if err := s.store.RecordTraffic(ctx, counts); err != nil {
		s.traffic.putBack(counts)
		s.log.WarnContext(ctx, "counts of tokens could not be saved; trying again", slog.Int("counts", len(counts)), slog.Any("error", err))
	}
}
