package redisstore_test

import (
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

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{}
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
	go func() {
		r.pass(upstream, client, 0)
		_ = client.Close()
	}()
	r.pass(client, upstream, 1)
}

func (r *relay) pass(from, to net.Conn, delays int64) {
	piece := make([]byte, 1<<16)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if r.swallow.Load() {
			continue
		}
		time.Sleep(time.Duration(delays * r.delay.Load()))
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}
