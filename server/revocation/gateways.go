package revocation

import (
	"context"
	"log/slog"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// Gateways records revocations where gateways read them: at once, after the change that revoked the tokens is saved, and as a channel
// of the outbox, for when the server died between the change and the recording. Its methods may be called from many goroutines.
type Gateways struct {
	Log      *Log
	Lifetime time.Duration // of tokens
	Logger   *slog.Logger
}

// Revoked records that every token issued under one of the status indexes is revoked. If it fails, the outbox, which holds an event that
// says the same, retries.
func (g Gateways) Revoked(ctx context.Context, actor admin.Actor, accountID, clientID string, indexes []uint64) {
	if err := g.Log.Record(ctx, g.revocations(accountID, clientID, indexes, actor.At)...); err != nil {
		g.Logger.WarnContext(ctx, "recording a revocation failed; the outbox will retry", slog.String("client_id", clientID), slog.Any("error", err))
	}
}

func (g Gateways) revocations(accountID, clientID string, indexes []uint64, at time.Time) []store.Revocation {
	// Replicas that had not yet seen the change may have issued a token for a moment: a minute more costs nothing.
	until := at.Add(g.Lifetime + time.Minute)
	revocations := make([]store.Revocation, len(indexes))
	for i, index := range indexes {
		revocations[i] = store.Revocation{Index: index, ClientID: clientID, AccountID: accountID, At: at, Until: until}
	}
	return revocations
}

// Name is the channel's name in the outbox.
func (Gateways) Name() string { return "gateways" }

// Deliver records the revocations of an event. Recording one twice does no harm.
func (g Gateways) Deliver(ctx context.Context, event policy.Event, now time.Time) error {
	revocations := g.revocations(event.AccountID, event.ClientID, admin.StatusIndexes(event), event.At)
	if len(revocations) == 0 || revocations[0].Until.Before(now) {
		return nil
	}
	return g.Log.Record(ctx, revocations...)
}
