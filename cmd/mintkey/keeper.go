package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"mintkey/retention"
)

// newKeeper wires what trims the audit trails. Before it deletes anything from a store that has long been without retention, people are
// told for a month.
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
	keeper := &retention.Keeper{Store: h.gate, Retention: set.Retention, Begins: begins, Agreed: h.agreedNow, Log: h.log}
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
