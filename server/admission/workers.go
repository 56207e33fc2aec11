package admission

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Workers does jobs on goroutines that it keeps. A handler has a deep stack, and a goroutine keeps the stack that it once had: run on
// the goroutines of thousands of connections, handlers would leave each with a large one. The zero value is ready. Its methods may be
// called from many goroutines.
type Workers struct {
	mu   sync.Mutex
	idle []*worker
}

// Job is what a worker does.
type Job interface{ Do() }

// worker runs one job at a time.
type worker struct {
	jobs chan Job
	done chan *PanicError // nil if the job did not panic
}

// maxIdle is how many goroutines are kept: about as many as a Queue has places.
const maxIdle = 256

// PanicError is what comes out of Do when the job panicked.
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

// Do does the job on another goroutine and returns when it is done. If it panics, so does Do, with a *PanicError.
func (w *Workers) Do(job Job) {
	worker := w.take()
	worker.jobs <- job
	panicked := <-worker.done
	w.giveBack(worker)
	if panicked != nil {
		panic(panicked)
	}
}

// take returns a worker that nobody else has.
func (w *Workers) take() *worker {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		free := w.idle[n-1] // the last, whose memory is warm
		w.idle = w.idle[:n-1]
		w.mu.Unlock()
		return free
	}
	w.mu.Unlock()
	fresh := &worker{jobs: make(chan Job, 1), done: make(chan *PanicError, 1)}
	go fresh.work()
	return fresh
}

// giveBack keeps the worker, unless there are as many as are kept.
func (w *Workers) giveBack(done *worker) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.idle) < maxIdle {
		w.idle = append(w.idle, done)
		return
	}
	close(done.jobs)
}

func (w *worker) work() {
	for job := range w.jobs {
		w.done <- do(job)
	}
}

func do(job Job) (panicked *PanicError) {
	defer func() {
		if value := recover(); value != nil {
			panicked = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	job.Do()
	return nil
}
