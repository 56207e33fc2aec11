package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"mintkey/chain"
	"mintkey/retention"
	"mintkey/tokens"
)

// newKeeper wires what seals and trims the audit trails. Call it after newServer, which opens the signing keys. Before it deletes anything
// from a store that has long been without retention, people are told for a month.
func (h *host) newKeeper(ctx context.Context) (*retention.Keeper, error) {
	set := h.config.Audit
	begins, err := retention.Begin(ctx, h.gate, set.Retention, h.now())
	if err != nil {
		return nil, fmt.Errorf("audit.retention: %w", err)
	}
	if h.now().Before(begins) {
		h.log.WarnContext(ctx, "old events of the audit trail will be deleted: set audit.retention to 0 to keep them for ever",
			slog.String("setting", "audit.retention"), slog.Duration("retention", set.Retention), slog.Time("begins", begins))
	}
	keeper := &retention.Keeper{
		Store: h.gate, Retention: set.Retention, Begins: begins, Agreed: h.agreedNow, Sign: h.signHeads, Log: h.log,
	}
	if set.Archive != "" {
		keeper.Archive = &retention.Archive{Folder: set.Archive, After: set.ArchiveAfter}
	}
	return keeper, nil
}

// agreedNow is the time for what can't be undone; false while there is none.
func (h *host) agreedNow(ctx context.Context) (time.Time, bool) {
	agreed := h.clocks.Until(ctx, h.now())
	return agreed, !agreed.IsZero()
}

// signHeads signs heads of the audit trails with the key of this server's own tokens.
func (h *host) signHeads(now time.Time, claims chain.Claims) (signature, publicPEM string, err error) {
	return h.ring.SignStatement(now, tokens.Algorithm(h.config.AlgorithmFor(h.issuer())), chain.Type, claims)
}
