package redistest

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// wall is the network in front of a server. While it is shut, it keeps programs out as a partition does: what they send is lost, and no
// connection ends.
type wall struct {
	listener net.Listener
	server   string
	shut     *atomic.Bool // with others

	mu        sync.Mutex
	keepsOut  func(program net.Conn) bool // nil for nobody
	crossings map[*crossing]struct{}
}

// crossing is the connection of a program, and the one to the server on its behalf.
type crossing struct {
	program net.Conn
	outside atomic.Bool // kept out, when the wall is shut
	shut    *atomic.Bool
}

// newWall listens for programs. They wait until the wall has a server.
func newWall(t testing.TB, shut *atomic.Bool) *wall {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return &wall{listener: listener, shut: shut, crossings: map[*crossing]struct{}{}}
}

func (w *wall) address() string { return w.listener.Addr().String() }

func (w *wall) port() string { return portOf(w.address()) }

// standBefore lets programs through to the server.
func (w *wall) standBefore(server *Server) {
	w.server = server.address
	go func() {
		for {
			program, err := w.listener.Accept()
			if err != nil {
				return
			}
			go w.cross(program)
		}
	}()
}

func (w *wall) cross(program net.Conn) {
	c := &crossing{program: program, shut: w.shut}
	w.mu.Lock()
	c.outside.Store(w.keepsOut != nil && w.keepsOut(program))
	w.crossings[c] = struct{}{}
	w.mu.Unlock()
	defer func() {
		_ = program.Close()
		w.mu.Lock()
		delete(w.crossings, c)
		w.mu.Unlock()
	}()
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", w.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		c.pass(program, server)
		_ = program.Close()
	}()
	c.pass(server, program)
}

func (c *crossing) pass(to io.Writer, from io.Reader) {
	piece := make([]byte, 1<<16)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if c.outside.Load() && c.shut.Load() {
			continue
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// keepOut says whose messages are lost while the wall is shut.
func (w *wall) keepOut(programs func(program net.Conn) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keepsOut = programs
	for c := range w.crossings {
		c.outside.Store(programs(c.program))
	}
}

// hangUp closes the connections that have lost something, as nothing sends it again. The wall is open.
func (w *wall) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keepsOut = nil
	for c := range w.crossings {
		if c.outside.Load() {
			_ = c.program.Close()
		}
	}
}
