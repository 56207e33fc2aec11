package server

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// refusalRecorder gathers failed authentications of clients for the audit trail, which says why where the answer does not (R24). Those of one
// client for one reason become one event a minute, and there are at most so many waiting, so that guessing cannot fill the store.
type refusalRecorder struct {
	mu      sync.Mutex
	waiting map[refusalKey]*refusalCount
}

type refusalKey struct {
	clientID string
	reason   string
}

type refusalCount struct {
	count   int
	address string
	at      time.Time // of the last one
	written time.Time // when the last event was written
}

const (
	maxWaitingRefusals = 10_000
	refusalEvery       = time.Minute
)

const reasonRevoked = "revoked"

func newRefusalRecorder() *refusalRecorder {
	return &refusalRecorder{waiting: map[refusalKey]*refusalCount{}}
}

func (r *refusalRecorder) record(clientID, address string, reason error, at time.Time) {
	key := refusalKey{clientID, reasonOf(reason)}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.waiting[key]
	if known == nil {
		if len(r.waiting) >= maxWaitingRefusals {
			return
		}
		known = &refusalCount{}
		r.waiting[key] = known
	}
	known.count++
	known.address, known.at = address, at
}

func reasonOf(err error) string {
	switch {
	case errors.Is(err, policy.ErrKeyExpired):
		return "expired"
	case errors.Is(err, policy.ErrWrongSecret):
		return "wrong_secret"
	case errors.Is(err, policy.ErrUserDisabled):
		return "user_disabled"
	default:
		return "unknown_client"
	}
}

// due takes what may be written now, and forgets what has been quiet.
func (r *refusalRecorder) due(now time.Time) map[refusalKey]refusalCount {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := map[refusalKey]refusalCount{}
	for key, known := range r.waiting {
		switch {
		case now.Sub(known.written).Abs() < refusalEvery:
		case known.count == 0:
			delete(r.waiting, key)
		default:
			taken[key] = *known
			known.count, known.written = 0, now
		}
	}
	return taken
}

// flushRefusals writes what is due. What cannot be written is in the log.
func (s *Server) flushRefusals(ctx context.Context) {
	for key, refused := range s.refusals.due(s.now()) {
		event, err := s.refusalEvent(ctx, key, refused)
		if event.Details["reason"] == reasonRevoked { // where it was refused nobody knew whose it was
			source := store.TrafficSource{AccountID: event.AccountID, TenantID: event.TenantID, ClientID: event.ClientID}
			s.traffic.add(source, event.At, store.RefusedRevoked, refused.count)
		}
		if err == nil && event.AccountID != "" {
			err = s.store.RecordEvents(ctx, event)
		}
		if err != nil || event.AccountID == "" {
			s.log.WarnContext(ctx, "client refused", slog.String("client_id", policy.WithoutSecrets(key.clientID)), slog.String("reason", key.reason),
				slog.Int("count", refused.count), slog.String("address", refused.address), slog.Any("error", err))
		}
	}
}

// refusalEvent finds whose the client is, or was: the event has no account if it was nobody's.
func (s *Server) refusalEvent(ctx context.Context, key refusalKey, refused refusalCount) (policy.Event, error) {
	owner, reason, err := s.ownerOf(ctx, key)
	if err != nil || owner.AccountID == "" {
		return policy.Event{}, err
	}
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.Event{
		ID: policy.NewEventID(refused.at, random), At: refused.at, Action: policy.ActionTokenRefused,
		Actor:     policy.Actor{Via: "api", Address: refused.address},
		AccountID: owner.AccountID, TenantID: owner.TenantID, UserID: owner.UserID, ClientID: key.clientID,
		Details: map[string]string{"reason": reason, "count": strconv.Itoa(refused.count)},
	}, nil
}

// ownerOf finds the owner of a key that exists, or the one that a revoked key had.
func (s *Server) ownerOf(ctx context.Context, key refusalKey) (admin.KeyOwner, string, error) {
	owner, revoked, err := s.office.OwnerOf(ctx, key.clientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return admin.KeyOwner{}, "", nil
	case revoked:
		return owner, reasonRevoked, err
	default:
		return owner, key.reason, err
	}
}
