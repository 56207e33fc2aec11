package redisstore

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a connection on which a node is heard.
type conn struct {
	net.Conn
	node    *node
	address string // that was dialled, if that is not the node's own
	closed  atomic.Bool
}

// dialled is a connection that knows the address by which it was opened.
type dialled struct {
	net.Conn
	address string
}

func (n *node) listen(opened net.Conn) *conn {
	c := &conn{Conn: opened, node: n}
	if d, ok := opened.(dialled); ok {
		c.Conn, c.address = d.Conn, d.address
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns[c] = struct{}{}
	return c
}

// address is what all connections were dialled at; it is empty without any, and if there are several.
func (n *node) address() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	address := ""
	for c := range n.conns {
		if address != "" && c.address != address {
			return ""
		}
		address = c.address
	}
	return address
}

// closeAll closes all connections, so that everything that waits for an answer fails now, and none that is dead is left in the pool.
func (n *node) closeAll() { n.closeIf(func(*conn) bool { return true }) }

// closeAllBut leaves only those that were dialled at the address.
func (n *node) closeAllBut(address string) {
	n.closeIf(func(c *conn) bool { return c.address != address })
}

func (n *node) closeIf(is func(*conn) bool) {
	var found []*conn
	n.mu.Lock()
	for c := range n.conns {
		if is(c) {
			found = append(found, c)
		}
	}
	n.mu.Unlock()
	for _, c := range found {
		_ = c.Close()
	}
}

// Read turns a time-out into an error that go-redis does not try again after: the caller has waited long enough.
func (c *conn) Read(p []byte) (int, error) {
	read, err := c.Conn.Read(p)
	if read > 0 {
		c.node.hear()
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || err != nil && c.closed.Load() {
		err = errNotAnswering
	}
	return read, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.closed.Store(true)
	c.node.mu.Lock()
	delete(c.node.conns, c)
	c.node.mu.Unlock()
	return c.Conn.Close()
}

// SyscallConn is how the pool finds out whether an idle connection is still good. What is under TLS says nothing about that, unless we have
// closed it.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if c.closed.Load() {
		return nil, net.ErrClosed
	}
	if plain, ok := c.Conn.(syscall.Conn); ok {
		return plain.SyscallConn()
	}
	return opaque{}, nil
}

// opaque is a connection that is taken for good without a look.
type opaque struct{}

func (opaque) Control(func(fd uintptr)) error    { return nil }
func (opaque) Read(func(fd uintptr) bool) error  { return nil }
func (opaque) Write(func(fd uintptr) bool) error { return nil }

// failed is a connection that could not be opened.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error)       { return 0, f.err }
func (f failed) Write([]byte) (int, error)      { return 0, f.err }
func (failed) Close() error                     { return nil }
func (failed) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (failed) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (failed) SetDeadline(time.Time) error      { return nil }
func (failed) SetReadDeadline(time.Time) error  { return nil }
func (failed) SetWriteDeadline(time.Time) error { return nil }
