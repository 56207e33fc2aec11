package server_test

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// relay passes everything on to Redis and cuts, while it is bad, one connection in seven at an answer.
type relay struct {
	address string
	bad     atomic.Bool
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &relay{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serve(client, server)
		}
	}()
	return r
}

func (r *relay) serve(client net.Conn, server string) {
	defer func() { _ = client.Close() }()
	upstream, err := new(net.Dialer).DialContext(context.Background(), "tcp", server)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(upstream, client)
		_ = upstream.Close()
	}()
	answer := make([]byte, 1<<16)
	for {
		n, err := upstream.Read(answer)
		if err != nil || r.bad.Load() && rand.N(100) < 15 {
			return
		}
		if _, err := client.Write(answer[:n]); err != nil {
			return
		}
	}
}

// The network loses 15 % of the answers of Redis. Each of 60 revocations is repeated until it succeeds, which it does although the first
// attempt may have removed the key; gateways hear of all of them within 15 s of the network being well.
func TestRevocationsWhoseAnswersAreLost(t *testing.T) {
	redis := redistest.Start(t)
	way := newRelay(t, redis.Address())
	opened, err := redisstore.Open(t.Context(), "redis://"+way.address)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, opened)
	admin := bearer(w.tokenOf(w.ada, ""))
	keys, issued := make([]person, 60), make([]string, 60)
	for i := range keys {
		keys[i] = w.makeKey(w.ada, w.newMember(), "api")
		issued[i] = w.tokenFor(keys[i], "", "api")
	}
	worker := notify.NewOutboxWorker(w.store, w.store, slog.New(slog.DiscardHandler), w.server.Gateways())
	tick := func(after time.Duration) { _, _ = worker.Tick(t.Context(), start.Add(after)) }
	way.bad.Store(true)
	lost := 0
	for _, key := range keys {
		for attempt := 0; ; attempt++ {
			tick(0)
			a := w.delete(admin, forgeKeys+"/"+key.clientID)
			if a.status == 204 {
				break
			}
			if lost++; a.status != 503 && a.status != 401 || attempt > 100 {
				t.Fatalf("revoke %s: %d %s", key.clientID, a.status, a.body)
			}
		}
	}
	way.bad.Store(false)
	for second := range 16 {
		for range len(keys) {
			tick(time.Duration(second) * time.Second)
		}
	}
	another := w.second(w.store) // knows what is in the store alone
	w.must(another.server.Gateways().Log.Sync(t.Context()))
	missed := 0
	for _, token := range issued {
		if !another.revokedIn(token) {
			missed++
		}
	}
	if missed > 0 || lost == 0 {
		t.Errorf("gateways were not told of %d revocations, of which %d attempts failed", missed, lost)
	}
	for _, key := range keys {
		// That the caller was told may be lost as well; then one more repeat succeeds.
		if a := w.delete(admin, forgeKeys+"/"+key.clientID); a.status != 204 {
			a.wantCode(404, "not_found")
		}
		w.delete(admin, forgeKeys+"/"+key.clientID).wantCode(404, "not_found")
	}
}
