package redisstore_test

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// relay is the network between the store and Redis, which can swallow all bytes, cut all connections, or be slow.
type relay struct {
	address, server string
	swallow         atomic.Bool
	delay           atomic.Int64 // nanoseconds for each request
	lag             atomic.Int64 // nanoseconds for each answer
	late            atomic.Pointer[lateAnswer]

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{}
}

// lateAnswer is what Redis has answered to a MGET, and the store has not heard yet.
type lateAnswer struct{ given, release chan struct{} }

// holdAnswer keeps the answer to the next MGET back until it is released.
func (r *relay) holdAnswer() *lateAnswer {
	late := &lateAnswer{make(chan struct{}), make(chan struct{})}
	r.late.Store(late)
	return late
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	r := &relay{address: "127.0.0.1:0", server: server, conns: map[net.Conn]struct{}{}}
	r.up(t)
	t.Cleanup(r.down)
	return r
}

func (r *relay) up(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.listener, r.address = listener, listener.Addr().String()
	r.mu.Unlock()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serve(client)
		}
	}()
}

func (r *relay) down() {
	r.mu.Lock()
	_ = r.listener.Close()
	r.mu.Unlock()
	r.cut()
}

// cut aborts all connections.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = c.Close()
	}
}

func (r *relay) keep(c net.Conn) (forget func()) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close resets
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = struct{}{}
	return func() {
		_ = c.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, c)
	}
}

func (r *relay) serve(client net.Conn) {
	defer r.keep(client)()
	upstream, err := new(net.Dialer).DialContext(context.Background(), "tcp", r.server)
	if err != nil {
		return
	}
	defer r.keep(upstream)()
	var held atomic.Pointer[lateAnswer]
	go func() {
		r.pass(upstream, client, &r.lag, func([]byte) {
			if late := held.Swap(nil); late != nil {
				close(late.given)
				<-late.release
			}
		})
		_ = client.Close()
	}()
	r.pass(client, upstream, &r.delay, func(request []byte) {
		if late := r.late.Load(); late != nil && bytes.Contains(request, []byte("mget")) && r.late.CompareAndSwap(late, nil) {
			held.Store(late)
		}
	})
}

func (r *relay) pass(from, to net.Conn, delay *atomic.Int64, each func([]byte)) {
	piece := make([]byte, 1<<16)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if r.swallow.Load() {
			continue
		}
		each(piece[:n])
		time.Sleep(time.Duration(delay.Load()))
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}
