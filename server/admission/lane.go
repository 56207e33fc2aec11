package admission

import "slices"

// maxSpare is how many unused lanes are kept.
const maxSpare = 64

// laneOf returns the lane, made if there is none.
func (q *Queue) laneOf(name string) *lane {
	l, ok := q.lanes[name]
	if ok {
		return l
	}
	if n := len(q.spare); n > 0 {
		l, q.spare = q.spare[n-1], q.spare[:n-1]
		l.name = name
	} else {
		l = &lane{name: name}
	}
	q.lanes[name] = l
	return l
}

// tidy forgets the lane if nobody is in it.
func (q *Queue) tidy(l *lane) {
	if l.taken > 0 || len(l.line) > 0 {
		return
	}
	delete(q.lanes, l.name)
	if len(q.spare) < maxSpare {
		l.line = nil
		q.spare = append(q.spare, l)
	}
}

// abandon takes the waiter out of the lane, and says whether it was still in there.
func (q *Queue) abandon(l *lane, w *waiter) bool {
	i := slices.Index(l.line, w)
	if i < 0 {
		return false
	}
	l.line = slices.Delete(l.line, i, i+1)
	q.queued--
	if len(l.line) == 0 {
		q.turns = slices.DeleteFunc(q.turns, func(other *lane) bool { return other == l })
		q.tidy(l)
	}
	return true
}

// Load says how many places are taken and how many requests wait.
func (q *Queue) Load() (taken, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken, q.queued
}
