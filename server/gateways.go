package server

import (
	"context"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// killTokens publishes the revocation of the tokens that the saved event names. If it fails, the outbox, which holds the same event, retries.
func (s *Server) killTokens(ctx context.Context, event policy.Event) {
	if err := s.feed.recordOnce(ctx, s.revocations(event)...); err != nil {
		s.log.WarnContext(ctx, "recording a revocation failed; the outbox will retry",
			slog.String("client_id", event.ClientID), slog.Any("error", err))
	}
}

// revocations returns one revocation for each status index that the event names.
func (s *Server) revocations(event policy.Event) (revocations []store.Revocation) {
	if event.Payload.Revoked == nil {
		return nil
	}
	// Replicas that had not yet seen the change may have issued a token for a moment: a minute more costs nothing.
	until := event.At.Add(s.lifetime + time.Minute)
	for _, index := range event.Payload.Revoked.StatusIndexes {
		revocations = append(revocations, store.Revocation{
			Index: index, ClientID: event.ClientID, AccountID: event.AccountID, At: event.At, Until: until,
		})
	}
	return revocations
}

// Gateways is the outbox's channel to gateways, for a server that stops between a change and the record of its revocations.
type Gateways struct {
	server *Server
}

// Gateways returns the channel. Its methods may be called from many goroutines.
func (s *Server) Gateways() Gateways { return Gateways{s} }

// Name is the channel's name in the outbox.
func (Gateways) Name() string { return "gateways" }

// Deliver records the revocations that the event names, unless the log has them already, as it mostly does.
func (g Gateways) Deliver(
	ctx context.Context, event policy.Event, _ func(context.Context) (policy.Subject, error), now time.Time,
) error {
	revocations := g.server.revocations(event)
	if len(revocations) == 0 || revocations[0].Until.Before(now) {
		return nil
	}
	return g.server.feed.recordOnce(ctx, revocations...)
}
