package admission

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Workers runs functions on goroutines that it keeps. A handler has a deep stack, and a goroutine keeps the stack that it once had: run on
// the goroutines of thousands of connections, handlers would leave each with a large one. The zero value is ready. Its methods may be
// called from many goroutines.
type Workers struct {
	mu   sync.Mutex
	idle []*worker
}

type worker struct{ jobs chan *job }

// job is a function to run.
type job struct {
	do       func()
	panicked *PanicError
	done     chan struct{}
}

// maxIdle is how many goroutines are kept: about as many as a Queue has places.
const maxIdle = 256

// PanicError is what comes out of Do when the function panicked.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

func (p *PanicError) Error() string { return fmt.Sprintf("%v\n%s", p.Value, p.Stack) }

// Unwrap returns the value, if it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Do runs the function on another goroutine and returns when it has. If it panics, so does Do, with a *PanicError.
func (w *Workers) Do(do func()) {
	j := &job{do: do, done: make(chan struct{})}
	w.mu.Lock()
	var free *worker
	if n := len(w.idle); n > 0 {
		free, w.idle = w.idle[n-1], w.idle[:n-1] // the last, whose memory is warm
	}
	w.mu.Unlock()
	if free == nil {
		free = &worker{jobs: make(chan *job, 1)}
		go w.work(free)
	}
	free.jobs <- j
	<-j.done
	if j.panicked != nil {
		panic(j.panicked)
	}
}

// work runs jobs until there are more goroutines than are kept.
func (w *Workers) work(self *worker) {
	for j := range self.jobs {
		j.run()
		w.mu.Lock()
		keep := len(w.idle) < maxIdle
		if keep {
			w.idle = append(w.idle, self)
		}
		w.mu.Unlock()
		close(j.done)
		if !keep {
			return
		}
	}
}

func (j *job) run() {
	defer func() {
		if value := recover(); value != nil {
			j.panicked = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	j.do()
}
