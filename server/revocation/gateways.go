package revocation

import (
	"context"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Gateways records revocations where gateways read them: directly after the change that revoked the tokens is saved, and as a channel
// of the outbox, in case the server crashed between the change and the recording. Its methods may be called from many goroutines.
type Gateways struct {
	Log      *Log
	Lifetime time.Duration // of tokens
	Logger   *slog.Logger
}

// Revoked records the revocation of the tokens that the saved event names. If it fails, the outbox, which
// has the same event, retries.
func (g Gateways) Revoked(ctx context.Context, event policy.Event) {
	if err := g.Log.RecordOnce(ctx, g.revocations(event)...); err != nil {
		g.Logger.WarnContext(ctx, "recording a revocation failed; the outbox will retry",
			slog.String("client_id", event.ClientID), slog.Any("error", err))
	}
}

// revocations returns one revocation for each status index that the event names.
func (g Gateways) revocations(event policy.Event) (revocations []store.Revocation) {
	if event.Payload.Revoked == nil {
		return nil
	}
	// A replica that had not yet seen the change may have issued one more token: an extra minute covers it.
	until := event.At.Add(g.Lifetime + time.Minute)
	for _, index := range event.Payload.Revoked.StatusIndexes {
		revocations = append(revocations, store.Revocation{
			Index: index, ClientID: event.ClientID, AccountID: event.AccountID, At: event.At, Until: until,
		})
	}
	return revocations
}

// Name is the channel's name in the outbox.
func (Gateways) Name() string { return "gateways" }

// Deliver records the revocations that the event names, unless the log already has them, which is the usual case.
func (g Gateways) Deliver(
	ctx context.Context, event policy.Event, _ func(context.Context) (policy.Subject, error), now time.Time,
) error {
	revocations := g.revocations(event)
	if len(revocations) == 0 || revocations[0].Until.Before(now) {
		return nil
	}
	return g.Log.RecordOnce(ctx, revocations...)
}
