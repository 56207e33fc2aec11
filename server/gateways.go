package server

import (
	"context"
	"log/slog"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// killTokens tells gateways that every token is dead that one of the status indexes made. The change that killed them is saved, and the
// outbox holds an event that tells the same: what fails here is told from there.
func (s *Server) killTokens(ctx context.Context, actor admin.Actor, accountID, clientID string, indexes []uint64) {
	if err := s.feed.record(ctx, s.revocations(accountID, clientID, indexes, actor.At)...); err != nil {
		s.log.WarnContext(ctx, "a revocation could not be recorded; the outbox tries again", slog.String("client_id", clientID), slog.Any("error", err))
	}
}

func (s *Server) revocations(accountID, clientID string, indexes []uint64, at time.Time) []store.Revocation {
	// Replicas that had not yet seen the change may have issued a token for a moment: a minute more costs nothing.
	until := at.Add(s.lifetime + time.Minute)
	revocations := make([]store.Revocation, len(indexes))
	for i, index := range indexes {
		revocations[i] = store.Revocation{Index: index, ClientID: clientID, AccountID: accountID, At: at, Until: until}
	}
	return revocations
}

// Gateways is the channel of the outbox that tells gateways of dead tokens, for when the server died between a change and the telling.
type Gateways struct {
	server *Server
}

// Gateways returns the channel. Its methods may be called from many goroutines.
func (s *Server) Gateways() Gateways { return Gateways{s} }

// Name is the channel's name in the outbox.
func (Gateways) Name() string { return "gateways" }

// Deliver records the revocations that an event tells of. Recording one twice does no harm.
func (g Gateways) Deliver(ctx context.Context, event policy.Event, now time.Time) error {
	revocations := g.server.revocations(event.AccountID, event.ClientID, admin.StatusIndexes(event), event.At)
	if len(revocations) == 0 || revocations[0].Until.Before(now) {
		return nil
	}
	return g.server.feed.record(ctx, revocations...)
}
