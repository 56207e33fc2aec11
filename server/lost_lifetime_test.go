package server_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// older keeps documents and a membership as they are now, and returns a function that puts them back, as an older dump does.
func (w *world) older(p person, documents ...string) (putBack func()) {
	w.Helper()
	kept := map[string][]byte{}
	for _, name := range documents {
		raw, err := w.store.Document(w.Context(), name)
		w.must(err)
		kept[name] = bytes.Clone(raw)
	}
	before, err := w.store.Membership(w.Context(), p.tenant, p.id)
	w.must(err)
	return func() {
		w.Helper()
		for name, raw := range kept {
			w.must(w.store.UpdateDocument(w.Context(), name, func([]byte) ([]byte, error) { return raw, nil }))
		}
		w.must(w.store.UpdateMembership(w.Context(), p.tenant, p.id,
			func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m.Keys = before.Keys
				return m, nil, nil
			}))
	}
}

// A server made tokens of a day, and stopped. Then the store became what it was before that server had begun, and before a fence was
// loosened. What is revoked at a server of a quarter of an hour stays so until the tokens of a day are dead.
func TestLongTokensOfALostHistoryStayRevoked(t *testing.T) {
	const day = 24 * time.Hour
	for name, notice := range map[string]func(w *world, running *store.Watch){
		"no server ran": func(w *world, _ *store.Watch) {
			w.must(store.BeginHistory(w.Context(), w.store, tokenLifetime, w.clock.now())) // as serve does
		},
		"a server ran": func(w *world, running *store.Watch) { w.must(running.Check(w.Context(), w.clock.now())) },
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(w *world) {
				ctx := w.Context()
				w.must(store.BeginHistory(ctx, w.store, tokenLifetime, start))
				p := w.makeKey(w.ada, w.newMember(), "api", "self")
				w.patch(w.ada, keyPath(p), `{"token_lifetime_seconds":60}`).want(200)
				putBack := w.older(p, "longest-lifetime", "high-water")

				gate := store.NewGate(w.store)
				running := store.NewWatch(gate, gate, slog.New(slog.DiscardHandler))
				w.must(running.Check(ctx, start))
				w.must(running.Advance(ctx, start))
				w.serve(func(o *server.Options) { o.TokenLifetime = day })
				w.must(store.BeginHistory(ctx, w.store, day, start))
				w.patch(w.ada, keyPath(p), `{"token_lifetime_seconds":null}`).want(200)
				token := w.tokenOf(p, "api")
				w.clock.advance(2 * time.Hour)
				putBack()
				notice(w, running)

				w.serve() // with a quarter of an hour
				w.wantAlive("put back", token)
				refreshed := w.refreshKey(p, nil)
				w.clock.advance(time.Hour)
				refreshed = w.refreshKey(refreshed, nil)
				w.delete(w.ada, keyPath(refreshed)).want(204)
				w.clock.advance(20 * time.Hour)
				w.must(w.server.Gateways().Log.Forget(ctx, w.clock.now()))
				w.wantDead("revoked", token)
				until := time.Time{}
				for _, row := range w.logged() {
					until = row.Until
				}
				if end := w.claims(token).ExpiresAt.Time; until.Before(end) {
					w.Errorf("the log forgets at %s, before the token expires at %s", until, end)
				}
			})
		})
	}
}
