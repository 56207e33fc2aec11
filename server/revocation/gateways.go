package revocation

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Gateways records revocations where gateways read them: at once, after the change that ended the tokens is saved, and as a channel
// of the outbox, for when the server died between the change and the recording. Its methods may be called from many goroutines.
type Gateways struct {
	Log         *Log
	Memberships store.Memberships
	Documents   store.Documents // tells the longest lifetime of tokens
	Lifetime    time.Duration   // of tokens that are made now
	Logger      *slog.Logger
}

// Revoked records that the tokens ended which the saved event names. If it fails, the outbox, which holds the same event, retries.
func (g Gateways) Revoked(ctx context.Context, event policy.Event) error {
	err := g.record(ctx, event, event.At)
	if err != nil {
		g.Logger.WarnContext(ctx, "recording a revocation failed; the outbox will retry",
			slog.String("user_id", event.UserID), slog.String("client_id", event.ClientID), slog.Any("error", err))
	}
	return err
}

// Name is the channel's name in the outbox.
func (Gateways) Name() string { return "gateways" }

// Deliver records what the event ended, unless the log has it already, as it mostly does.
func (g Gateways) Deliver(
	ctx context.Context, event policy.Event, _ func(context.Context) (policy.Subject, error), now time.Time,
) error {
	return g.record(ctx, event, now)
}

func (g Gateways) record(ctx context.Context, event policy.Event, now time.Time) error {
	var indexes []uint64
	if event.Payload.Revoked != nil {
		indexes = event.Payload.Revoked.StatusIndexes
	}
	if event.Payload.Ended != nil && event.UserID == "" {
		return g.endTenant(ctx, event, now)
	}
	if event.Payload.Ended != nil {
		ended, err := g.endedOf(ctx, event)
		if err != nil {
			return err
		}
		indexes = slices.Concat(indexes, ended)
	}
	return g.end(ctx, event, indexes, now)
}

// membershipsAtOnce is how many memberships of a suspended tenant are read for one batch of revocations.
const membershipsAtOnce = 500

// endTenant records what ended with a tenant, of all its members. A membership that is gone by now was published as it ended.
func (g Gateways) endTenant(ctx context.Context, event policy.Event, now time.Time) error {
	for page := (store.Page{Limit: membershipsAtOnce}); ; {
		memberships, err := g.Memberships.Memberships(ctx, event.TenantID, page)
		if err != nil {
			return err
		}
		var indexes []uint64
		for _, m := range memberships {
			if ended := m.TokensOf(*event.Payload.Ended); ended != nil {
				indexes = append(indexes, ended.StatusIndexes...)
			}
		}
		if err := g.end(ctx, event, indexes, now); err != nil {
			return err
		}
		if len(memberships) < membershipsAtOnce {
			return nil
		}
		page.After = memberships[len(memberships)-1].UserID
	}
}

// end records that the status indexes ended with the event.
func (g Gateways) end(ctx context.Context, event policy.Event, indexes []uint64, now time.Time) error {
	if len(indexes) == 0 {
		return nil
	}
	longest, err := store.LongestTokenLifetime(ctx, g.Documents, g.Lifetime, now)
	if err != nil {
		return err
	}
	until := event.At.Add(longest + policy.TokenSlack)
	if soon := now.Add(policy.TokenSlack); until.Before(soon) {
		until = soon // too late for any token, but an index that has ended stays so for good: see Archive
	}
	revocations := make([]store.Revocation, len(indexes))
	for i, index := range indexes {
		revocations[i] = store.Revocation{
			Index: index, ClientID: event.ClientID, AccountID: event.AccountID, At: event.At, Until: until,
		}
	}
	return g.Log.RecordOnce(ctx, revocations...)
}

// endedOf returns the status indexes of the user that ended with the event, in all tenants. A membership that is gone by now was published
// as it ended.
func (g Gateways) endedOf(ctx context.Context, event policy.Event) (indexes []uint64, err error) {
	tenants, err := g.Memberships.TenantsOf(ctx, event.AccountID, event.UserID)
	if err != nil {
		return nil, err
	}
	for _, tenant := range tenants {
		m, err := g.Memberships.Membership(ctx, tenant, event.UserID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if ended := m.TokensOf(*event.Payload.Ended); ended != nil {
			indexes = append(indexes, ended.StatusIndexes...)
		}
	}
	return indexes, nil
}
