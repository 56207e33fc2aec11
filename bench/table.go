package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"
)

// comparison is what was measured.
type comparison struct {
	keys              int           // that asked
	started           time.Duration // from the start of the server to its first token
	yardstick, server rounds        // in turn
}

// rounds are the measurements of one server.
type rounds []result

// median takes each figure by itself.
func (r rounds) median() result {
	return result{
		perSecond: middle(r, func(r result) float64 { return r.perSecond }),
		p50:       middle(r, func(r result) time.Duration { return r.p50 }),
		p99:       middle(r, func(r result) time.Duration { return r.p99 }),
		cpu:       middle(r, func(r result) time.Duration { return r.cpu }),
		memory:    middle(r, func(r result) float64 { return r.memory }),
	}
}

func middle[T cmp.Ordered](results []result, figure func(result) T) T {
	figures := make([]T, len(results))
	for i, r := range results {
		figures[i] = figure(r)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

func rateOf(r result) float64 { return r.perSecond }
func p50Of(r result) float64  { return float64(r.p50) }
func p99Of(r result) float64  { return float64(r.p99) }
func cpuOf(r result) float64  { return float64(r.cpu) }

// ratio is the median of the server's figure in yardsticks. Those of the same round are compared, because a machine that others use too
// is faster in one minute than in the next.
func (c comparison) ratio(figure func(result) float64) float64 {
	ratios := make([]float64, len(c.server))
	for i := range c.server {
		ratios[i] = figure(c.server[i]) / figure(c.yardstick[i])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

func (c comparison) table(w io.Writer, l load) error {
	_, err := fmt.Fprintf(w, `%s, %s, %d cores; wrk -t1 -c%d, %d rounds of %s in turn, medians; %d access keys ask

| | tokens/s | p50 | p99 | CPU a token | memory |
| --- | --- | --- | --- | --- | --- |
%s%s| ratio | %.2f | %.2f | %.2f | %.2f | |

Start to first token: %d ms
`,
		processor(), runtime.Version(), runtime.NumCPU(), l.connections, l.rounds, l.length, c.keys,
		row("yardstick", c.yardstick.median()), row("mintkey", c.server.median()),
		c.ratio(rateOf), c.ratio(p50Of), c.ratio(p99Of), c.ratio(cpuOf), c.started.Milliseconds())
	return err
}

func row(name string, r result) string {
	return fmt.Sprintf("| %s | %.0f | %.1f ms | %.1f ms | %d µs | %.0f MiB |\n", name, r.perSecond,
		r.p50.Seconds()*1000, r.p99.Seconds()*1000, r.cpu.Microseconds(), r.memory)
}

// processor is the machine's name for its processor.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // absent on other systems
	_, rest, found := bytes.Cut(text, []byte("model name\t: "))
	if !found {
		return runtime.GOARCH
	}
	name, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(name)
}
