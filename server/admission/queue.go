package admission

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

var errFull = errors.New("too many requests are waiting")

// Full says whether an error of Enter means that the queue is full, or that a place did not come free in time.
func Full(err error) bool { return errors.Is(err, errFull) }

// Options is what a Queue needs. Every field is required.
type Options struct {
	Places  int           // how many requests are worked on at once
	Waiting int           // how many wait for a place, at most
	Wait    time.Duration // how long one waits, at most
}

// Queue gives places to requests, in turn to each lane. Make one with New. Its methods may be called from many goroutines.
type Queue struct {
	places  int
	perLane int // a lane whose requests are slow, because a password or the store takes its time, leaves places to the others
	waiting int
	wait    time.Duration

	mu     sync.Mutex
	taken  int
	queued int
	lanes  map[string]*lane
	turns  []*lane // the lanes in which somebody waits, in turn
	spare  []*lane // that have been used, so that a free place costs no allocation
}

// lane is the requests of one tenant or address.
type lane struct {
	name  string
	taken int
	line  []*waiter
}

type waiter struct {
	place chan struct{} // closed when the waiter has a place
}

// New returns a Queue.
func New(o Options) *Queue {
	return &Queue{places: o.Places, perLane: max(o.Places/2, 1), waiting: o.Waiting, wait: o.Wait, lanes: map[string]*lane{}}
}

// Place is what Enter gives. Leave gives it back.
type Place struct {
	queue *Queue
	lane  *lane
}

// Enter waits for a place in the turn of the lane. The error is one of Full, or the context's when it ended first.
func (q *Queue) Enter(ctx context.Context, laneName string) (Place, error) {
	q.mu.Lock()
	l := q.laneOf(laneName)
	if q.taken < q.places && l.taken < q.perLane && len(l.line) == 0 {
		q.taken++
		l.taken++
		q.mu.Unlock()
		return Place{q, l}, nil
	}
	// One lane alone can't fill the queue, or its storm would have the others refused.
	if q.queued >= q.waiting || len(l.line) >= max(q.waiting/2, 1) {
		q.tidy(l)
		q.mu.Unlock()
		return Place{}, errFull
	}
	w := &waiter{place: make(chan struct{})}
	if len(l.line) == 0 {
		q.turns = append(q.turns, l)
	}
	l.line = append(l.line, w)
	q.queued++
	q.mu.Unlock()
	return q.stand(ctx, l, w)
}

// stand waits for the place of w.
func (q *Queue) stand(ctx context.Context, l *lane, w *waiter) (Place, error) {
	patience := time.NewTimer(q.wait)
	defer patience.Stop()
	err := errFull
	select {
	case <-w.place:
		// A goroutine that another has woken runs before all that the network has woken. While many wait they would wake each other for
		// ever, and requests that have just arrived would not even be read.
		runtime.Gosched()
		return Place{q, l}, nil
	case <-patience.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.abandon(l, w) {
		return Place{}, err
	}
	return Place{q, l}, nil // the place came at the same moment
}

// Leave gives the place back.
func (p Place) Leave() {
	q := p.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken--
	p.lane.taken--
	q.tidy(p.lane)
	q.serve()
}

// serve gives free places to those who wait. A lane that has as many as it may is passed over.
func (q *Queue) serve() {
	for passed := 0; q.taken < q.places && passed < len(q.turns); {
		l := q.turns[0]
		q.turns = q.turns[1:]
		if l.taken >= q.perLane {
			q.turns = append(q.turns, l)
			passed++
			continue
		}
		passed = 0
		w := l.line[0]
		l.line[0] = nil
		l.line = l.line[1:]
		if len(l.line) > 0 {
			q.turns = append(q.turns, l)
		}
		q.queued--
		q.taken++
		l.taken++
		close(w.place)
	}
}
