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

// Options is what a Queue needs.
type Options struct {
	Places  int           // how many requests are worked on at once
	Slow    int           // how many more there may be that have been worked on for long, and so wait for something else; may be 0
	Waiting int           // how many wait for a place, at most
	Wait    time.Duration // how long one waits, at most
}

// Queue gives places to requests, in turn to each lane. Make one with New. Its methods may be called from many goroutines.
type Queue struct {
	places  int
	most    int // with the slow ones
	perLane int // a lane whose requests are slow, because a password or the store takes its time, leaves places to the others
	waiting int
	wait    time.Duration

	mu     sync.Mutex
	taken  int
	fresh  [2]int // those of them that were taken since the last turn of the clock, and in the time before: who was earlier is slow
	clock  int
	runs   bool // the clock does, while somebody waits
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
	place Place
	came  chan struct{} // closed when the waiter has the place
}

// New returns a Queue.
func New(o Options) *Queue {
	most := o.Places + o.Slow
	return &Queue{places: o.Places, most: most, perLane: max(most/2, 1), waiting: o.Waiting, wait: o.Wait, lanes: map[string]*lane{}}
}

// Place is what Enter gives. Leave gives it back.
type Place struct {
	queue *Queue
	lane  *lane
	clock int
}

// Enter waits for a place in the turn of the lane. The error is one of Full, or the context's when it ended first.
func (q *Queue) Enter(ctx context.Context, laneName string) (Place, error) {
	q.mu.Lock()
	l := q.laneOf(laneName)
	if q.free() && l.taken < q.perLane && len(l.line) == 0 {
		place := q.take(l)
		q.mu.Unlock()
		return place, nil
	}
	// One lane alone can't fill the queue, or its storm would have the others refused.
	if q.queued >= q.waiting || len(l.line) >= max(q.waiting/2, 1) {
		q.tidy(l)
		q.mu.Unlock()
		return Place{}, errFull
	}
	w := &waiter{came: make(chan struct{})}
	if len(l.line) == 0 {
		q.turns = append(q.turns, l)
	}
	l.line = append(l.line, w)
	q.queued++
	q.startClock()
	q.mu.Unlock()
	return q.stand(ctx, l, w)
}

// stand waits for the place of w.
func (q *Queue) stand(ctx context.Context, l *lane, w *waiter) (Place, error) {
	patience := time.NewTimer(q.wait)
	defer patience.Stop()
	err := errFull
	select {
	case <-w.came:
		// A goroutine that another has woken runs before all that the network has woken. While many wait they would wake each other for
		// ever, and requests that have just arrived would not even be read.
		runtime.Gosched()
		return w.place, nil
	case <-patience.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.abandon(l, w) {
		return Place{}, err
	}
	return w.place, nil // the place came at the same moment
}

// free says whether there is a place for one more.
func (q *Queue) free() bool { return q.taken < q.most && q.fresh[0]+q.fresh[1] < q.places }

func (q *Queue) take(l *lane) Place {
	q.taken++
	q.fresh[0]++
	l.taken++
	return Place{q, l, q.clock}
}

// Leave gives the place back.
func (p Place) Leave() {
	q := p.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken--
	if age := q.clock - p.clock; age < len(q.fresh) {
		q.fresh[age]--
	}
	p.lane.taken--
	q.tidy(p.lane)
	q.serve()
}

// serve gives free places to those who wait. A lane that has as many as it may is passed over.
func (q *Queue) serve() {
	for passed := 0; q.free() && passed < len(q.turns); {
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
		w.place = q.take(l)
		close(w.came)
	}
}
