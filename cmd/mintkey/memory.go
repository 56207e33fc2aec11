package main

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// memoryEvery is how often the server looks at its memory.
	memoryEvery = time.Second
	// garbageAimed is how much garbage may gather before it is collected, where that is between leastGCPercent and gcPercent of what lives.
	garbageAimed   = 48 << 20
	leastGCPercent = 33
	// releaseOver is how much a process that has become quiet may keep beyond what it had at its quietest.
	releaseOver = 24 << 20
	// releaseAfter is how long memory must not have grown before it is given back: while there is work it would be needed again at once.
	releaseAfter = 15 * time.Second
)

// boundMemory keeps garbage in bounds while thousands of connections make what lives large, unless percent is false because the operator
// has set GOGC. It also gives memory back to the system after a peak: Go collects only once much was allocated, which a server that has
// become quiet does not do. It returns when ctx ends.
func boundMemory(ctx context.Context, percent bool) {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	set, quiet := gcPercent, time.Duration(0)
	now := readMemory()
	least, before := now.kept, now
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now = readMemory()
		if aim := now.gcPercent(); percent && (aim < set*4/5 || aim > set*5/4) { // setting it stops the world for a moment
			debug.SetGCPercent(aim)
			set = aim
		}
		if quiet += memoryEvery; now.kept > before.kept+1<<20 || now.collections > before.collections {
			quiet = 0
		}
		if quiet >= releaseAfter && now.kept > least+releaseOver {
			debug.FreeOSMemory()
			now, quiet = readMemory(), 0
			least = now.kept
		}
		least, before = min(least, now.kept), now
	}
}

// memory is what the runtime says.
type memory struct {
	live, kept, collections uint64 // bytes that live, with stacks; bytes that the process has from the system; collections so far
}

func readMemory() memory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/cycles/automatic:gc-cycles"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 { return samples[i].Value.Uint64() }
	return memory{live: value(0) + value(1), kept: value(2) - value(3), collections: value(4)}
}

// gcPercent is the percentage with which about garbageAimed gathers.
func (m memory) gcPercent() int {
	percent := math.Round(100 * garbageAimed / float64(max(m.live, 1)))
	return int(min(max(percent, leastGCPercent), gcPercent))
}
