package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// crowdedEvery is how often the log says that connections wait, at most.
const crowdedEvery = time.Minute

// boundedListener accepts a connection only while fewer than a number are open; the others wait in the backlog of the kernel, and cost the
// server no memory.
type boundedListener struct {
	net.Listener

	log     *slog.Logger
	open    chan struct{} // holds one for each open connection, and one for Accept while it waits
	closed  chan struct{}
	closing sync.Once
	said    time.Time // used by Accept only, which one goroutine calls
}

// bound returns a listener that keeps to the most connections; 0 is no bound.
func bound(l net.Listener, most int, log *slog.Logger) net.Listener {
	if most == 0 {
		return l
	}
	return &boundedListener{Listener: l, log: log, open: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept waits until there is room, and then for a connection.
func (b *boundedListener) Accept() (net.Conn, error) {
	select {
	case b.open <- struct{}{}:
	default:
		if now := time.Now(); now.Sub(b.said) >= crowdedEvery {
			b.said = now
			b.log.WarnContext(context.Background(), "as many connections are open as may be; more have to wait",
				slog.String("setting", "max_connections"), slog.Int("connections", cap(b.open)), slog.String("listen", b.Addr().String()))
		}
		select {
		case b.open <- struct{}{}:
		case <-b.closed:
			return nil, net.ErrClosed
		}
	}
	connection, err := b.Listener.Accept()
	if err != nil {
		<-b.open
		return nil, err
	}
	return &boundedConn{Conn: connection, leave: sync.OnceFunc(func() { <-b.open })}, nil
}

// Close also ends an Accept that waits for room.
func (b *boundedListener) Close() error {
	b.closing.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// politely has each answer close its connection while no more may be opened at the listener, so that those who wait get their turn.
func politely(l net.Listener, next http.Handler) http.Handler {
	b, ok := l.(*boundedListener)
	if !ok {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(b.open) == cap(b.open) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// boundedConn makes room when it is closed.
type boundedConn struct {
	net.Conn

	leave func()
}

func (c *boundedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite lets net/http end a connection without cutting off the answer.
func (c *boundedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
