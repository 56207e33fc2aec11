package server_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// deliverToGateways takes from the outbox until it is empty, as the server's own worker does within a second.
func (w *world) deliverToGateways() {
	w.Helper()
	worker := notify.NewOutboxWorker(w.store, w.store, slog.New(slog.DiscardHandler), w.server.Gateways())
	for {
		taken, err := worker.Tick(w.Context(), w.clock.now())
		w.must(err)
		if taken == 0 {
			return
		}
	}
}

func (w *world) logged() []store.Revocation {
	w.Helper()
	found, err := w.store.Revocations(w.Context(), "", 100)
	w.must(err)
	return found
}

// A revoked key is one event of the stream and one row of the log, although both the request and the outbox record it.
func TestARevocationIsRecordedOnce(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.serve(func(o *server.Options) { o.ClockOffset = time.Until(start) }) // deadlines on a connection are real time
		live := httptest.NewServer(w.server.Handler())
		defer live.Close()
		defer w.run()()
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		events := w.listen(ctx, live.URL, w.tokenOf(w.tom, "tokens:introspect"), "")
		p, other := w.makeKey(w.ada, w.mia, "api"), w.makeKey(w.ada, w.tom, "api")

		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
		w.deliverToGateways()
		w.serve() // another server on the same store
		w.deliverToGateways()
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+other.clientID).want(204)
		w.deliverToGateways()
		if rows := w.logged(); len(rows) != 2 || rows[0].ClientID != p.clientID || rows[1].ClientID != other.clientID {
			w.Errorf("the log has %+v, want one row for each key", rows)
		}
		w.must(w.server.Gateways().Deliver(ctx, policy.Event{}, nil, start)) // names nothing
		for _, want := range []string{p.clientID, other.clientID} {
			if got := <-events; got.Who != want {
				w.Errorf("the stream has %s, want the revocation of %s", got.text, want)
			}
		}
		select {
		case more := <-events:
			w.Errorf("one more: %s", more.text)
		default:
		}
	})
}

// The outbox worker may be faster than the request that made the change.
func TestARevocationIsRecordedOnceThoughTheOutboxIsQuick(t *testing.T) {
	onEachStore(t, func(w *world) {
		const keys = 10
		ctx, stop := context.WithCancel(w.Context())
		defer stop()
		var worker sync.WaitGroup
		defer worker.Wait()
		worker.Go(func() {
			outbox := notify.NewOutboxWorker(w.store, w.store, slog.New(slog.DiscardHandler), w.server.Gateways())
			for ctx.Err() == nil {
				_, _ = outbox.Tick(ctx, w.clock.now())
			}
		})
		for range keys {
			p := w.makeKey(w.ada, w.newMember(), "api")
			w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
		}
		stop()
		worker.Wait()
		w.deliverToGateways()
		if rows := w.logged(); len(rows) != keys {
			w.Errorf("the log has %d rows for %d keys", len(rows), keys)
		}
	})
}

// A revocation that the request could not record, because the server or the store went away, is recorded from the outbox, by any server.
func TestTheOutboxRecordsWhatTheRequestCouldNot(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.mia, "api")
		token, whole := w.tokenOf(p, ""), w.store
		w.store = deafLog{whole}
		w.serve()
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
		w.store = whole
		if rows := w.logged(); len(rows) != 0 {
			w.Fatalf("the log has %+v already", rows)
		}
		for range 2 { // the other server, and once more from the start
			w.serve()
			w.deliverToGateways()
			if rows := w.logged(); len(rows) != 1 || rows[0].ClientID != p.clientID {
				w.Errorf("the log has %+v, want one row", rows)
			}
			if !w.revokedIn(token) {
				w.Error("the status list does not have it")
			}
		}
	})
}

// The same server, too, records what it could not before: that it counts the revocation itself does not mean that the log has it.
func TestTheSameServerTriesAgain(t *testing.T) {
	w := newWorld(t)
	p := w.makeKey(w.ada, w.mia, "api")
	log := &moodyLog{Store: w.store, deaf: true}
	w.store = log
	w.serve()
	w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
	log.deaf = false
	w.deliverToGateways()
	if rows := w.logged(); len(rows) != 1 {
		t.Errorf("the log has %+v, want one row", rows)
	}
}

// moodyLog is a store whose log of revocations can be written at times.
type moodyLog struct {
	store.Store
	deaf bool
}

func (m *moodyLog) RecordRevocations(ctx context.Context, revocations ...store.Revocation) error {
	if m.deaf {
		return store.ErrUnavailable
	}
	return m.Store.RecordRevocations(ctx, revocations...)
}

// An outbox of version 1 names status indexes in the details of its events.
func TestRevocationsOfVersion1AreRecorded(t *testing.T) {
	w := newWorld(t)
	w.must(w.store.RecordEvents(t.Context(), policy.Event{
		ID: policy.NewEventID(start, [10]byte{1}), At: start, Action: policy.ActionKeyRevoked, Actor: policy.Actor{Via: "api"},
		AccountID: "acme", TenantID: "forge", UserID: "mia", ClientID: "mk_1", Announce: true,
		Details: map[string]string{"reason": "user deleted", "status_indexes": "7 12"},
	}))
	w.deliverToGateways()
	if rows := w.logged(); len(rows) != 2 || rows[0].Index != 7 || rows[1].Index != 12 {
		t.Errorf("the log has %+v", rows)
	}
	if a := w.get(w.ada, acmeAudit).want(200); strings.Contains(a.body, "status_indexes") || !strings.Contains(a.body, "user deleted") {
		t.Errorf("the trail has %s", a.body)
	}
}
