package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"mintkey/server/adminapi"
	"mintkey/store"
)

// passwordUse is how often and from where a user of a tenant still signs in with a password.
type passwordUse struct {
	LastAt  time.Time `json:"last_at"`
	Count   int64     `json:"count"`
	Address string    `json:"address"` // of the last time
}

func (u passwordUse) plus(other passwordUse) passwordUse {
	sum := u
	if other.LastAt.After(u.LastAt) {
		sum = other
	}
	sum.Count = u.Count + other.Count
	return sum
}

// loginRecorder gathers uses of passwords and saves them in batches, one document for each tenant.
type loginRecorder struct {
	mu      sync.Mutex
	pending map[string]map[string]passwordUse // by tenant ID, then by user ID
}

func newLoginRecorder() *loginRecorder {
	return &loginRecorder{pending: map[string]map[string]passwordUse{}}
}

func (l *loginRecorder) record(tenantID, userID, address string, at time.Time) {
	l.add(tenantID, map[string]passwordUse{userID: {LastAt: at, Count: 1, Address: address}})
}

func (l *loginRecorder) add(tenantID string, uses map[string]passwordUse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending[tenantID] == nil {
		l.pending[tenantID] = map[string]passwordUse{}
	}
	addUses(l.pending[tenantID], uses)
}

func addUses(to, uses map[string]passwordUse) {
	for userID, use := range uses {
		to[userID] = to[userID].plus(use)
	}
}

func (l *loginRecorder) take() map[string]map[string]passwordUse {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.pending
	l.pending = map[string]map[string]passwordUse{}
	return taken
}

// of returns what is not saved yet for a tenant.
func (l *loginRecorder) of(tenantID string) map[string]passwordUse {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.pending[tenantID])
}

func loginsDocument(tenantID string) string { return "password-logins-" + tenantID }

func (s *Server) flushLogins(ctx context.Context) {
	for tenantID, uses := range s.logins.take() {
		err := s.store.UpdateDocument(ctx, loginsDocument(tenantID), func(old []byte) ([]byte, error) {
			saved, err := parseUses(old)
			if err != nil {
				return nil, err
			}
			addUses(saved, uses)
			return json.Marshal(saved)
		})
		if err != nil {
			s.logins.add(tenantID, uses)
			s.log.WarnContext(ctx, "uses of passwords could not be saved; trying again", slog.String("tenant_id", tenantID), slog.Any("error", err))
		}
	}
}

func parseUses(document []byte) (map[string]passwordUse, error) {
	uses := map[string]passwordUse{}
	if document == nil {
		return uses, nil
	}
	return uses, json.Unmarshal(document, &uses)
}

// passwordUses says by user ID who of a tenant still uses a password, with what is not saved yet.
func (s *Server) passwordUses(ctx context.Context, tenantID string) (map[string]adminapi.PasswordUse, error) {
	document, err := s.store.Document(ctx, loginsDocument(tenantID))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	uses, err := parseUses(document)
	if err != nil {
		return nil, err
	}
	addUses(uses, s.logins.of(tenantID))
	found := make(map[string]adminapi.PasswordUse, len(uses))
	for userID, use := range uses {
		found[userID] = adminapi.PasswordUse(use)
	}
	return found, nil
}
