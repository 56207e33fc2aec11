package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"mintkey/store"
)

// unstampTimeout bounds how long a stop waits for the store to forget the server.
const unstampTimeout = time.Second

// stampStore tells the other servers on the store, until ctx ends, that this one runs and which version it is.
// While the store or a server on it is of a later version, it keeps this one from changing what it may not understand.
func (h *host) stampStore(ctx context.Context) {
	id := rand.Text()
	ticker := time.NewTicker(store.StampEvery)
	defer ticker.Stop()
	for {
		h.stampOnce(ctx, id)
		h.agreeStill(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), unstampTimeout)
			defer cancel()
			if err := store.Unstamp(last, h.store, id); err != nil {
				h.log.WarnContext(ctx, "removing the version stamp failed; it expires by itself", slog.Any("error", err))
			}
			return
		}
	}
}

// stampOnce goes around the gate: a server that refuses changes still says that it runs.
func (h *host) stampOnce(ctx context.Context, id string) {
	if h.watch.Lost() != nil {
		return // nothing is written into a store that was emptied
	}
	note := func(err error, message string) {
		if ctx.Err() == nil {
			h.outages.Note(ctx, h.log, slog.LevelWarn, h.now(), err, message)
		}
	}
	note(h.watch.Advance(ctx, h.now()), "raising the high-water mark failed; will retry")
	note(store.RaiseLifetime(ctx, h.gate, h.config.Tokens.Lifetime, h.now()), "recording the lifetime of tokens failed; will retry")
	stamp := store.ServerStamp{Version: thisBuild().Version, Schema: store.SchemaVersion, SeenAt: h.now().UTC()}
	servers, err := store.Stamp(ctx, h.store, id, stamp)
	note(err, "the version stamp failed; will retry")
	if err != nil {
		return
	}
	refusal := store.CheckSchema(ctx, h.store, servers)
	if refusal != nil && h.gate.Refusal() == nil {
		h.log.ErrorContext(ctx, "refusing changes: the data is of a later version than this server", slog.Any("error", refusal))
	}
	h.gate.Set(refusal)
}
