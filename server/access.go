package server

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"mintkey/store"
)

// accessRecorder gathers when keys were last used and saves them in batches, apart from the keys' records: a token costs no write,
// and a late write can never overwrite a digest (R7).
type accessRecorder struct {
	mu      sync.Mutex
	pending map[store.KeyRef]time.Time
}

func newAccessRecorder() *accessRecorder {
	return &accessRecorder{pending: map[store.KeyRef]time.Time{}}
}

func (a *accessRecorder) record(key store.KeyRef, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.After(a.pending[key]) {
		a.pending[key] = at
	}
}

// take empties the recorder.
func (a *accessRecorder) take() map[store.KeyRef]time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := a.pending
	a.pending = map[store.KeyRef]time.Time{}
	return taken
}

// putBack returns what could not be saved, unless something newer has come meanwhile.
func (a *accessRecorder) putBack(times map[store.KeyRef]time.Time) {
	for key, at := range times {
		a.record(key, at)
	}
}

// overlay adds what is not saved yet to what the store knows.
func (a *accessRecorder) overlay(tenantID string, saved map[string]time.Time, clientIDs []string) map[string]time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	times := maps.Clone(saved)
	if times == nil {
		times = map[string]time.Time{}
	}
	for _, id := range clientIDs {
		if at, ok := a.pending[store.KeyRef{TenantID: tenantID, ClientID: id}]; ok && at.After(times[id]) {
			times[id] = at
		}
	}
	return times
}

func (s *Server) flushAccess(ctx context.Context) {
	times := s.access.take()
	if len(times) == 0 {
		return
	}
	if err := s.store.RecordAccess(ctx, times); err != nil {
		s.access.putBack(times)
		s.log.WarnContext(ctx, "last access could not be saved; trying again", slog.Int("keys", len(times)), slog.Any("error", err))
	}
}
