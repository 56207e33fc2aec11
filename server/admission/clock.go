package admission

import "time"

// slowAfter is how long a request is worked on until it counts as slow, at least; at most it is twice that. The work itself takes a part of
// a millisecond, so whoever is slow waits for the store or for a password to be checked, and needs no processor.
const slowAfter = 20 * time.Millisecond

// startClock has the clock run. It does while somebody waits.
func (q *Queue) startClock() {
	if !q.runs && q.most > q.places {
		q.runs = true
		time.AfterFunc(slowAfter, q.turnClock)
	}
}

// turnClock counts those as slow that have been there for long, and gives their places to others.
func (q *Queue) turnClock() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clock++
	q.fresh[1], q.fresh[0] = q.fresh[0], 0
	q.serve()
	q.runs = false
	if q.queued > 0 {
		q.startClock()
	}
}
