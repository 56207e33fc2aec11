package door

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"mintkey/server/admission"
)

// lastCall is how long Open waits for the rest of requests that have begun.
const lastCall = time.Second

// Options is what a Door needs. Every field is required.
type Options struct {
	Queue   *admission.Queue // its places are for requests that net/http has, until they are answered
	Most    int              // how many connections may be open with net/http keeping them all
	Known   *admission.Known
	Address func(*http.Request) string // of the client, given its RemoteAddr and X-Forwarded-For: the lane of strangers
	Free    func(path string) bool     // whether requests for it take no place
	Now     func() time.Time           // the real time, for deadlines
}

// Door is what requests wait at. Make one with New. Its methods may be called from many goroutines.
type Door struct {
	Options

	connections atomic.Int64 // that are open
	held        atomic.Int64 // requests that have come in and that net/http doesn't know of yet
	whole       atomic.Int64 // those of them that are whole
	opened      context.Context
	open        context.CancelFunc

	mu   sync.Mutex
	idle map[*conn]struct{} // that wait for a request outside of net/http
}

// New returns a Door that is closed, in that only so many come in at once.
func New(o Options) *Door {
	d := &Door{Options: o, idle: map[*conn]struct{}{}}
	d.opened, d.open = context.WithCancel(context.Background())
	return d
}

// Guard puts the door before a server: what it serves has to come from the listener that is returned. Over TLS nothing can be told of
// requests, so they don't wait here.
func (d *Door) Guard(server *http.Server, l net.Listener) net.Listener {
	if server.TLSConfig != nil {
		return l
	}
	server.ConnState = func(c net.Conn, state http.ConnState) { c.(*conn).state(state) } //nolint:forcetypeassert // Accept returns no other
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	return &listener{
		Listener: l, door: d, server: server, ready: make(chan accepted), closed: make(chan struct{}),
	}
}

// Open is called before the server stops. It closes the connections that wait for a request outside of net/http, lets in all requests that
// have come, and returns once net/http has read them: it takes a connection whose request it has not read for an idle one, and cuts it off.
// Those that have come in part have a second for the rest: a client that writes no more must not take the time that others need to finish.
func (d *Door) Open(ctx context.Context) {
	d.open()
	d.mu.Lock()
	for c := range d.idle {
		_ = c.SetReadDeadline(time.Unix(1, 0))
	}
	d.mu.Unlock()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := d.Now().Add(lastCall); ctx.Err() == nil; <-tick.C {
		if d.held.Load() == 0 || d.whole.Load() == 0 && d.Now().After(end) {
			return
		}
	}
}

// Connections says how many are open, and how many of them wait for a request outside of net/http.
func (d *Door) Connections() (open, outside int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int(d.connections.Load()), len(d.idle)
}

// add is false when the door is open.
func (d *Door) add(c *conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened.Err() != nil {
		return false
	}
	d.idle[c] = struct{}{}
	return true
}

func (d *Door) remove(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.idle, c)
}

func (d *Door) crowded() bool { return d.connections.Load() > int64(d.Most) }

type connKey struct{}

// Leave gives back the place of the request whose context this is, before it is answered: for answers that last.
func Leave(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*conn); ok {
		c.leave()
	}
}

// Late says whether the request whose context this is has waited for too long.
func Late(ctx context.Context) bool {
	c, ok := ctx.Value(connKey{}).(*conn)
	return ok && c.late
}
