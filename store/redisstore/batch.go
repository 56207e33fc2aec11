package redisstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// The reads behind tokens are batched across requests: while a batch is on its way to Redis, the keys of those who come meanwhile are
// gathered for the next one. Nobody joins a batch that has left, so nobody is given what Redis knew before they asked: a token is never
// issued for a key whose revocation was acknowledged before the request came.
//
// A batch costs about as much processor time as half a token, here and in Redis together, whatever it carries. So the next one does not
// leave as soon as it can: it leaves when at least as many requests are in it as are under way and neither in a batch nor answered to their
// clients, or after gatherTime. Those who are under way keep the processors busy meanwhile, and a request that is alone waits for nobody.
//
// The requests are what counts as waiting for a node (see watch), and not the batches that carry their keys.
const (
	batchesInFlight = 1 // two or four, with fewer keys each, cost about 5 % more processor time a token, and were no faster
	// A batch that has not been answered for so long does not hold up the next one any more.
	batchPatience = tickEvery
	// More than ioTimeout, which is for a silent Redis.
	batchTimeout = 2 * time.Second
	// What is under way may wait for something else, such as a slow client, and must not be waited for.
	gatherTime = time.Millisecond
)

// gatherer makes batches of the keys of many requests, those of each hash tag by themselves.
type gatherer struct {
	fetch func(ctx context.Context, keys []string) ([]snapshot, error)
	waits bool // for requests that are under way; not in a Cluster, where each may have another hash tag

	mu       sync.Mutex
	lanes    map[string]*lane // those in use, by hash tag
	underWay int              // requests: see store.Gatherer
	asking   int              // how often a request is in a batch that has not been answered
}

func newGatherer(fetch func(ctx context.Context, keys []string) ([]snapshot, error), waits bool) *gatherer {
	return &gatherer{fetch: fetch, waits: waits, lanes: map[string]*lane{}}
}

// lane is the batches of one hash tag.
type lane struct {
	inFlight int              // those that hold up the next one
	waiting  []*gatheredBatch // the oldest first. Only the last one takes more keys.
}

// gatheredBatch is keys, and later what they had.
type gatheredBatch struct {
	keys     []string
	places   map[string]int // in keys
	requests int
	patience *time.Timer // nil if it does not wait for requests that are under way
	due      bool        // it has waited for them

	done chan struct{} // closed when there is an answer: whoever has waited for it may read the batch
	read []snapshot
	err  error // of Redis, as it is
}

func newBatch() *gatheredBatch {
	return &gatheredBatch{places: map[string]int{}, done: make(chan struct{})}
}

func (b *gatheredBatch) add(keys []string) {
	for _, key := range keys {
		if _, known := b.places[key]; !known {
			b.places[key] = len(b.keys)
			b.keys = append(b.keys, key)
		}
	}
	b.requests++
}

// RequestBegan implements store.Gatherer.
func (s *Store) RequestBegan() {
	s.gatherer.mu.Lock()
	defer s.gatherer.mu.Unlock()
	s.gatherer.underWay++
}

// RequestEnded implements store.Gatherer.
func (s *Store) RequestEnded() {
	g := s.gatherer
	g.mu.Lock()
	defer g.mu.Unlock()
	g.underWay--
	if g.waits { // then all are in the lane without a tag
		if l := g.lanes[""]; l != nil {
			g.leave("", l)
		}
	}
}

// join adds the keys to a batch that has not left yet.
func (g *gatherer) join(tag string, keys []string) *gatheredBatch {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lanes[tag]
	if l == nil {
		l = &lane{}
		g.lanes[tag] = l
	}
	last := len(l.waiting) - 1
	if last < 0 || len(l.waiting[last].keys)+len(keys) > batch {
		l.waiting = append(l.waiting, newBatch())
		last++
	}
	b := l.waiting[last]
	b.add(keys)
	g.asking++
	g.leave(tag, l)
	return b
}

// leave sends the oldest batch of the lane on its way, if it is ready. The caller holds the lock.
func (g *gatherer) leave(tag string, l *lane) {
	if b := g.next(tag, l); b != nil {
		go g.run(tag, l, b)
	}
}

// run fetches the batch, and then those of the lane that are ready when it comes back.
func (g *gatherer) run(tag string, l *lane, b *gatheredBatch) {
	for b != nil {
		late := time.AfterFunc(batchPatience, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			l.inFlight--
			g.leave(tag, l)
		})
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), counted{}, true), batchTimeout)
		b.read, b.err = g.fetch(ctx, b.keys)
		cancel()
		answered := b
		g.mu.Lock()
		g.asking -= answered.requests
		if b = nil; late.Stop() { // else the place in the lane is another batch's by now
			l.inFlight--
			b = g.next(tag, l)
		}
		g.mu.Unlock()
		close(answered.done)
	}
}

// next takes the oldest batch that waits, if the lane is free and the batch ready, and otherwise returns nil. It forgets a lane that is not
// in use. The caller holds the lock.
func (g *gatherer) next(tag string, l *lane) *gatheredBatch {
	if l.inFlight >= batchesInFlight {
		return nil
	}
	if len(l.waiting) == 0 {
		if l.inFlight == 0 && g.lanes[tag] == l {
			delete(g.lanes, tag)
		}
		return nil
	}
	b := l.waiting[0]
	if g.isEarly(l, b) {
		if b.patience == nil {
			b.patience = time.AfterFunc(gatherTime, func() {
				g.mu.Lock()
				defer g.mu.Unlock()
				b.due = true
				g.leave(tag, l)
			})
		}
		return nil
	}
	if b.patience != nil {
		b.patience.Stop()
	}
	l.waiting = l.waiting[1:]
	l.inFlight++
	return b
}

// isEarly says whether more requests are likely to join the batch than are in it.
func (g *gatherer) isEarly(l *lane, b *gatheredBatch) bool {
	return g.waits && !b.due && len(l.waiting) == 1 && b.requests < g.underWay-g.asking
}

// counted marks the context of a command that the gate lets pass, because those who wait for it are counted.
type counted struct{}

// joined is where some of the keys of a request are answered.
type joined struct {
	batch     *gatheredBatch
	keys      []string
	dismissed <-chan struct{}
}

// getTogether reads keys in a batch with those of other requests. In a Cluster, keys of one hash tag should follow each other.
func (s *Store) getTogether(ctx context.Context, keys ...string) ([]snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, unavailable(ctx, err)
	}
	read := make([]snapshot, 0, len(keys))
	var joinedTo []joined
	for len(keys) > 0 {
		tag, same := s.batchTag(keys[0]), 1
		for same < len(keys) && s.batchTag(keys[same]) == tag {
			same++
		}
		client, err := s.primary(ctx, keys[0])
		if err != nil {
			return nil, unavailable(ctx, err)
		}
		node := s.watch.node(client)
		admitted, err := node.enter(ctx)
		if err != nil {
			return nil, unavailable(ctx, err)
		}
		defer node.leave()
		joinedTo = append(joinedTo, joined{s.gatherer.join(tag, keys[:same]), keys[:same], admitted.Done()})
		keys = keys[same:]
	}
	for _, p := range joinedTo {
		select {
		case <-p.batch.done:
		case <-ctx.Done():
			return nil, unavailable(ctx, ctx.Err())
		case <-p.dismissed:
			return nil, unavailable(ctx, errNotAnswering)
		}
		if p.batch.err != nil {
			return nil, unavailable(ctx, p.batch.err)
		}
		for _, key := range p.keys {
			read = append(read, p.batch.read[p.batch.places[key]])
		}
	}
	return read, nil
}

// batchTag is what a batch's keys have in common: in a Cluster the hash tag, or a key without one, and so the slot.
func (s *Store) batchTag(key string) string {
	if !s.isCluster() {
		return ""
	}
	if _, rest, found := strings.Cut(key, "{"); found {
		tag, _, _ := strings.Cut(rest, "}")
		return tag
	}
	return key
}

// fetch reads keys of one slot for a batch. In a Cluster each has a command of its own, because a MGET is refused (TRYAGAIN) while some
// of them have been moved to another node and others not.
func (s *Store) fetch(ctx context.Context, keys []string) ([]snapshot, error) {
	if s.isCluster() {
		return s.pipelined(ctx, keys)
	}
	values, err := s.client.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, err
	}
	if len(values) != len(keys) {
		return nil, errors.New("MGET was answered with another number of values")
	}
	read := make([]snapshot, len(keys))
	for i, value := range values {
		read[i].key = keys[i]
		read[i].value, read[i].exists = value.(string)
	}
	return read, nil
}

// pipelined reads keys of any slots in one round trip.
func (s *Store) pipelined(ctx context.Context, keys []string) ([]snapshot, error) {
	pipe := s.client.Pipeline()
	replies := make([]*redis.StringCmd, len(keys))
	for i, key := range keys {
		replies[i] = pipe.Get(ctx, key)
	}
	_, _ = pipe.Exec(ctx) // every reply holds its own error
	read := make([]snapshot, len(keys))
	for i, reply := range replies {
		value, err := reply.Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		read[i] = snapshot{key: keys[i], exists: err == nil, value: value}
	}
	return read, nil
}
