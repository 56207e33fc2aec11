package door

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// headSize is how much is read of a request before net/http has it: as much as net/http reads at once.
const headSize = 4 << 10

var heads = sync.Pool{New: func() any { return new([headSize]byte) }}

// listener gives connections to net/http: new ones, and those whose request's turn has come.
type listener struct {
	net.Listener

	door    *Door
	server  *http.Server
	ready   chan accepted
	begin   sync.Once
	closed  chan struct{}
	closing sync.Once
}

type accepted struct {
	conn *conn
	err  error
}

// Accept returns the next connection for net/http.
func (l *listener) Accept() (net.Conn, error) {
	l.begin.Do(func() { go l.acceptAll() })
	select {
	case a := <-l.ready:
		if a.err != nil {
			return nil, a.err
		}
		return a.conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) acceptAll() {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			if !l.give(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		c := &conn{Conn: inner, listener: l}
		l.door.connections.Add(1)
		if l.door.crowded() {
			go c.wait(l.server.ReadHeaderTimeout)
		} else if !l.give(accepted{conn: c}) {
			_ = c.Close()
		}
	}
}

// give is false when the listener is closed.
func (l *listener) give(a accepted) bool {
	select {
	case l.ready <- a:
		return true
	case <-l.closed:
		return false
	}
}

// Close ends Accept.
func (l *listener) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// wait waits outside of net/http, first for a request and then for its turn, and gives the connection to net/http.
func (c *conn) wait(patience time.Duration) {
	door := c.listener.door
	_ = c.SetReadDeadline(door.Now().Add(patience))
	if !door.add(c) {
		_ = c.Close()
		return
	}
	n, _ := c.Conn.Read(c.first[:])
	if n > 0 {
		c.hold() // before Open can see neither
	}
	door.remove(c)
	if n == 0 {
		_ = c.Close()
		return
	}
	c.arrive(c.readHead())
	if !c.listener.give(accepted{conn: c}) {
		c.arrived()
		c.leave()
		_ = c.Close()
	}
}

// readHead reads what came with the first byte.
func (c *conn) readHead() []byte {
	_ = c.SetReadDeadline(c.listener.door.Now().Add(c.listener.server.ReadHeaderTimeout))
	head := heads.Get().(*[headSize]byte) //nolint:forcetypeassert // it has no other
	defer heads.Put(head)
	head[0] = c.first[0]
	n, _ := c.Conn.Read(head[1:]) // net/http meets the error again
	c.ahead = slices.Clone(head[:1+n])
	return c.ahead
}
