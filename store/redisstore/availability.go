package redisstore

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// How many commands may wait for one node depends on when the node was last heard, which is when a byte came from it on any connection.
// It is counted in ticks, and no clock is read: a pause of this process looks like one tick, and not like a silence of Redis.
//
// While the node is heard, any number waits. Once it has been silent for silentTicks although something waits, maxWaiting may, and the
// queue for a connection is sent away. After downTicks nobody may: its connections are closed, so that everybody who waits is answered,
// and probes look for it. A node that cannot be dialled is probed as well, and one command at a time may try.
// The first byte ends all of this.
const (
	tickEvery   = 50 * time.Millisecond
	silentTicks = 5  // 250 ms
	downTicks   = 35 // 1.75 s
	forgetTicks = 200

	maxWaiting = 64
	unlimited  = math.MaxInt64
	oneTry     = 1
	nobody     = 0

	probeTicks   = 2
	probeTimeout = time.Second
	maxProbes    = 10 // at once
)

// errNotAnswering is inside store.ErrUnavailable when a command was not sent, or not waited for any longer.
var errNotAnswering = errors.New("Redis does not answer") //nolint:staticcheck // a name

// watch watches the nodes that a client speaks with: one, or each node of a Cluster.
type watch struct {
	ctx       context.Context //nolint:containedctx // ends with the watch
	stop      context.CancelFunc
	work      sync.WaitGroup
	sentinels *sentinels // nil without
	meter     meter

	mu    sync.Mutex
	nodes map[string]*node // by address
}

func newWatch() *watch {
	w := &watch{nodes: map[string]*node{}}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.every(tickEvery, func() {
		for _, n := range w.all() {
			n.tick(w.ctx, &w.work)
		}
	})
	return w
}

// every repeats a task until the watch is closed.
func (w *watch) every(period time.Duration, task func()) {
	w.work.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			task()
			select {
			case <-tick.C:
			case <-w.ctx.Done():
				return
			}
		}
	})
}

// add makes the client's commands and connections count for its node. A Cluster makes a new client for a node that it has met before.
func (w *watch) add(client *redis.Client) {
	n := w.node(client)
	n.options.Store(client.Options())
	client.AddHook(gate{ears{n}})
}

// node returns what is known of the node that a client speaks with.
func (w *watch) node(client *redis.Client) *node {
	w.mu.Lock()
	defer w.mu.Unlock()
	address := client.Options().Addr
	n := w.nodes[address]
	if n == nil {
		n = newNode()
		n.meter = &w.meter
		w.nodes[address] = n
	}
	return n
}

func (w *watch) all() []*node {
	w.mu.Lock()
	defer w.mu.Unlock()
	nodes := make([]*node, 0, len(w.nodes))
	for _, n := range w.nodes {
		nodes = append(nodes, n)
	}
	return nodes
}

// close ends the watch and its probes.
func (w *watch) close() {
	w.stop()
	w.work.Wait()
	if w.sentinels != nil {
		w.sentinels.close()
	}
}

// Availability returns whether every node that is needed can be reached, and how many commands wait for an answer now.
func (s *Store) Availability() store.Availability {
	a := store.Availability{Up: true}
	for _, n := range s.watch.all() {
		a.Waiting += int(n.waiting.Load())
		a.Up = a.Up && n.limit.Load() > oneTry && n.doubt.enter() == nil
	}
	return a
}

// node is what is known of one Redis server, or of the primary that the Sentinels name.
type node struct {
	options atomic.Pointer[redis.Options] // for probes
	doubt   *doubt
	meter   *meter

	waiting     atomic.Int64  // commands without an answer
	limit       atomic.Int64  // of waiting
	heard       atomic.Uint64 // reads that brought something
	asked       atomic.Uint64 // commands, refused ones too
	unreachable atomic.Bool   // it could not be dialled since the last tick
	probes      atomic.Int32  // under way
	queue       atomic.Pointer[chan struct{}]

	mu    sync.Mutex
	conns map[*conn]struct{}

	// Only tick uses these.
	lastHeard, lastAsked    uint64
	silent, unasked, probed int // ticks
}

func newNode() *node {
	n := &node{conns: map[*conn]struct{}{}, doubt: &doubt{}, meter: &meter{}}
	n.limit.Store(unlimited)
	n.dismissQueue()
	return n
}

// enter admits a command, or returns errNotAnswering or errInDoubt. The caller calls leave after it.
func (n *node) enter(ctx context.Context) (context.Context, error) {
	n.asked.Add(1)
	if err := n.doubt.enter(); err != nil {
		return nil, err
	}
	for {
		waiting := n.waiting.Load()
		if waiting >= n.limit.Load() {
			return nil, errNotAnswering
		}
		if !n.waiting.CompareAndSwap(waiting, waiting+1) {
			continue
		}
		if waiting < maxWaiting {
			return ctx, nil // it has a connection at once, since the pool has as many
		}
		return queued{ctx, *n.queue.Load()}, nil
	}
}

func (n *node) leave() { n.waiting.Add(-1) }

func (n *node) hear() {
	n.heard.Add(1)
	if n.limit.Load() != unlimited {
		n.limit.Store(unlimited)
	}
}

// dismissQueue ends the contexts of all commands that wait for a connection.
func (n *node) dismissQueue() {
	queue := make(chan struct{})
	if old := n.queue.Swap(&queue); old != nil {
		close(*old)
	}
}

// tick judges what happened since the last one.
func (n *node) tick(ctx context.Context, work *sync.WaitGroup) {
	heard, asked, waiting, limit := n.heard.Load(), n.asked.Load(), n.waiting.Load(), n.limit.Load()
	unreachable := n.unreachable.Swap(false)
	n.silent, n.unasked = n.silent+1, n.unasked+1
	if asked != n.lastAsked {
		n.unasked = 0
	}
	if heard != n.lastHeard || waiting == 0 {
		n.silent = 0
	}
	n.lastAsked = asked
	switch {
	case heard != n.lastHeard:
		n.lastHeard = heard
		n.limit.Store(unlimited)
	case n.silent >= downTicks && limit != nobody:
		n.limit.Store(nobody)
		n.dismissQueue()
		n.closeAll()
	case limit <= oneTry && n.unasked >= forgetTicks: // a node that a Cluster has lost, for example: it is not known to be away any more
		n.limit.Store(unlimited)
	case limit <= oneTry:
		if n.probed++; n.probed%probeTicks == 0 && n.probes.Load() < maxProbes {
			n.probes.Add(1)
			work.Go(func() {
				defer n.probes.Add(-1)
				n.probe(ctx)
			})
		}
	case unreachable:
		n.limit.Store(oneTry)
		n.dismissQueue()
	case n.silent >= silentTicks && limit == unlimited:
		n.limit.Store(maxWaiting)
		n.dismissQueue()
	case n.silent == 0:
		n.limit.Store(unlimited)
	}
}

// probe asks for an answer on a connection of its own. Whatever comes back is heard. Probes overlap, because a slow Redis takes longer to
// answer than a probe may be late.
func (n *node) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	options := *n.options.Load()
	options.PoolSize, options.MinIdleConns, options.MaxRetries = 1, 0, -1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = probeTimeout, probeTimeout, probeTimeout
	client := redis.NewClient(&options)
	defer func() { _ = client.Close() }()
	client.AddHook(ears{n})
	_ = client.Ping(ctx).Err()
}

// queued is the context of a command that may have to wait for a connection. It ends when the queue is dismissed; that the caller has gone
// away is noticed when the command has its connection, or after poolTimeout.
type queued struct {
	context.Context //nolint:containedctx // it is one
	dismissed       chan struct{}
}

func (q queued) Done() <-chan struct{} { return q.dismissed }

func (q queued) Err() error {
	select {
	case <-q.dismissed:
		return context.Canceled
	default:
		return q.Context.Err()
	}
}
