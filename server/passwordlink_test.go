package server_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// announced empties the outbox.
func (w *world) announced() (events []policy.Event) {
	w.Helper()
	entries, err := w.store.ClaimOutbox(w.Context(), w.clock.now(), w.clock.now().Add(time.Minute), 100)
	w.must(err)
	for _, entry := range entries {
		events = append(events, entry.Event)
		w.must(w.store.CompleteOutbox(w.Context(), entry))
	}
	return events
}

// passwordEvent is the one event in the outbox.
func (w *world) passwordEvent(action policy.Action) policy.Event {
	w.Helper()
	events := w.announced()
	if len(events) != 1 || events[0].Action != action || events[0].UserID != "mia" {
		w.Fatalf("the outbox has %v, want one %s", events, action)
	}
	return events[0]
}

// On each store, setting a password is announced, and of many concurrent uses of a link exactly one succeeds.
func TestPasswordLinks(t *testing.T) {
	onEachStore(t, func(w *world) {
		ctx, now := w.Context(), w.clock.now
		service := &admin.Service{Store: w.store, Hasher: w.hasher, Log: slog.New(slog.DiscardHandler)}
		nobody := admin.Actor{Via: "console", At: now()}
		w.announced()
		w.patch(w.ada, acmeUsers+"/mia", `{"password":"correct horse"}`).want(200)
		if event := w.passwordEvent(policy.ActionUserUpdated); event.Actor.UserID != "ada" || event.Payload.Password == nil {
			w.Errorf("the user would hear of %v", event)
		}
		w.patch(w.ada, acmeUsers+"/mia", `{"name":"Mia"}`).want(200)
		mia, err := w.store.User(ctx, "acme", "mia")
		w.must(err)
		w.must(service.RequestPasswordLink(ctx, nobody, mia))
		url, expires, err := w.server.Links().Password(ctx, w.passwordEvent(policy.ActionPasswordLinkRequested), now())
		w.must(err)
		code, ok := strings.CutPrefix(url, issuer+"/console/password/")
		if !ok || !expires.Equal(now().Add(time.Hour)) {
			w.Errorf("the link %s ends at %v", url, expires)
		}
		if _, err := service.ChoosePassword(ctx, nobody, admin.PasswordLinkID(code), "short"); !errors.Is(err, policy.ErrInvalidPassword) {
			w.Errorf("a short password: %v", err)
		}
		var all sync.WaitGroup
		failures := make([]error, 6)
		for i := range failures {
			all.Go(func() {
				_, failures[i] = service.ChoosePassword(ctx, nobody, admin.PasswordLinkID(code), "another horse "+string(rune('a'+i)))
			})
		}
		all.Wait()
		event := w.passwordEvent(policy.ActionUserUpdated)
		if event.Actor.UserID != "mia" || event.Details[policy.DetailByLink] != "true" {
			w.Errorf("the trail says %v", event)
		}
		mia, err = w.store.User(ctx, "acme", "mia")
		w.must(err)
		for i, failure := range failures {
			fits, err := w.hasher.Verify(ctx, mia.PasswordHash, "another horse "+string(rune('a'+i)))
			w.must(err)
			if fits != (failure == nil) || failure != nil && !errors.Is(failure, store.ErrNotFound) && !errors.Is(failure, store.ErrConflict) {
				w.Errorf("password %d is set: %v, and the answer was %v", i, fits, failure)
			}
		}

		w.patch(w.ada, acmeUsers+"/mia", `{"password":null}`).want(200)
		mia.PasswordHash = ""
		w.must(service.RequestPasswordLink(ctx, nobody, mia))
		events := w.announced() // for gateways alone; and nobody can have a password again by asking
		if len(events) != 1 || events[0].Payload.Ended == nil || !events[0].Payload.Password.TakenAway {
			w.Errorf("the outbox has %v, want one event that a password was taken away", events)
		}
	})
}
