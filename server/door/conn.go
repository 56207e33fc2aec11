package door

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"mintkey/server/admission"
)

// conn is a connection. One goroutine at a time uses it: that of wait, or else its goroutine in net/http, which waits for the handler and
// for the goroutine that reads a byte ahead.
type conn struct {
	net.Conn

	listener *listener
	first    [1]byte
	ahead    []byte // what was read before net/http had the connection
	begins   bool   // what is read next is the beginning of a request
	exact    bool   // one whole request was read, and nothing behind it
	held     bool   // counted in Door.held
	whole    bool   // counted in Door.whole
	late     bool   // the request has waited for too long
	inside   bool   // the request has a place
	place    admission.Place
	taken    atomic.Bool // back from net/http
	ended    atomic.Bool
}

// Read gives net/http what came, once it is its turn if it is a request.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		if c.ahead = c.ahead[n:]; len(c.ahead) == 0 {
			c.ahead = nil
		}
		return n, nil
	}
	if c.taken.Load() {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	switch {
	case n == 0:
	case c.begins && len(p) > 1: // while a request is answered, net/http reads one byte, to learn whether the client has gone
		c.begins = false
		c.arrive(p[:n])
	default:
		c.exact = false
	}
	return n, err
}

// hold counts the request of which the first byte has come.
func (c *conn) hold() {
	if !c.held {
		c.held = true
		c.listener.door.held.Add(1)
	}
}

// arrive waits for the turn of a request that has come in, if it is whole.
func (c *conn) arrive(text []byte) {
	c.hold()
	door := c.listener.door
	r, whole := parse(text)
	c.exact = whole && !r.more
	if !whole {
		return
	}
	c.whole = true
	door.whole.Add(1)
	if door.Free(r.path) {
		return
	}
	lane, ok := door.Known.Lane(r.credentials(door.Known))
	if !ok {
		lane = door.Address(&http.Request{RemoteAddr: c.RemoteAddr().String(), Header: r.forwarded})
	}
	place, err := door.Queue.Enter(door.opened, lane)
	c.late = admission.Full(err)
	c.place, c.inside = place, err == nil
}

// arrived says that net/http knows of the request.
func (c *conn) arrived() {
	if c.whole {
		c.whole = false
		c.listener.door.whole.Add(-1)
	}
	if c.held {
		c.held = false
		c.listener.door.held.Add(-1)
	}
}

func (c *conn) leave() {
	if c.inside {
		c.inside = false
		c.place.Leave()
	}
}

// state is called by net/http.
func (c *conn) state(state http.ConnState) {
	switch state {
	case http.StateNew:
		c.begins = len(c.ahead) == 0
	case http.StateActive:
		c.arrived()
		if c.begins { // it was in the buffer of net/http, and what is read next is its body
			c.begins, c.exact = false, false
		}
	case http.StateIdle:
		c.leave()
		c.late = false
		// If more was read than the request, net/http has it in its buffer.
		c.begins = !c.exact || !c.listener.door.crowded()
		c.taken.Store(!c.begins)
	case http.StateHijacked, http.StateClosed:
		c.arrived()
		c.leave()
		if c.taken.Swap(false) {
			go c.wait(c.listener.server.IdleTimeout)
		}
	}
}

// Close closes the connection, unless it is net/http that lets go of one that is taken back.
func (c *conn) Close() error {
	if c.taken.Load() || c.ended.Swap(true) {
		return nil
	}
	c.listener.door.connections.Add(-1)
	return c.Conn.Close()
}

// CloseWrite lets net/http end a connection without cutting off the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
