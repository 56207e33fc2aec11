package chaos_test

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// probes ask each server for a token all the time, and one after the other for a change, so as to see when all of it works again.
type probes struct {
	mu         sync.Mutex
	lastFailed time.Time
	lastBegun  map[string]time.Time // of the last probe that succeeded, by what it asks
}

const (
	probeEvery    = 50 * time.Millisecond
	recoveryLimit = 3 * time.Minute // far more than anything takes; the table has how long it took
	// steady is how long everything must work to count as recovered.
	steady = time.Second
	// slowest is an answer that counts as one.
	slowest = 5 * time.Second
)

// canary is the member that the probes change.
const canary = "canary"

// startProbes starts them, with the first key, which no fault of the matrix may touch.
func (r *run) startProbes(ctx context.Context) {
	r.probes.lastBegun = map[string]time.Time{}
	for i, c := range r.clients {
		r.probe(ctx, c.base, i, func() bool {
			_, a := c.ask(r.first.ClientID, r.first.ClientSecret)
			return a.status == http.StatusOK
		})
	}
	role := map[string]any{"role": "member"}
	r.probe(ctx, "changes", -1, func() bool {
		return r.anyClient().do(http.MethodPut, r.memberPath(canary), role).acknowledged()
	})
}

func (r *run) probe(ctx context.Context, name string, server int, works func() bool) {
	r.workers.Go(func() {
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if int64(server+1) == r.avoided.Load() && server >= 0 {
				continue
			}
			begun := time.Now()
			r.probes.note(name, begun, works())
		}
	})
}

func (p *probes) note(name string, begun time.Time, works bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if works {
		p.lastBegun[name] = begun
	} else {
		p.lastFailed = time.Now()
	}
}

// steadySince says whether every probe has worked for a while, and when the last one failed.
func (p *probes) steadySince(now time.Time, count int) (lastFailed time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lastBegun) < count {
		return p.lastFailed, false
	}
	for _, begun := range p.lastBegun { // an answer that takes long is no success yet
		if now.Sub(begun) > slowest {
			return p.lastFailed, false
		}
	}
	return p.lastFailed, now.Sub(p.lastFailed) > steady
}

// awaitRecovery measures the time from a moment, when the fault ended or the machine died, until everything works again.
func (r *run) awaitRecovery(from time.Time) {
	time.Sleep(steady)
	deadline := from.Add(recoveryLimit)
	for {
		now := time.Now()
		lastFailed, ok := r.probes.steadySince(now, len(r.clients)+1)
		if ok {
			r.recovery = max(0, lastFailed.Sub(from))
			return
		}
		if now.After(deadline) {
			r.recovery = neverRecovered
			return
		}
		time.Sleep(probeEvery)
	}
}
