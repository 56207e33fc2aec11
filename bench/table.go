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

// median takes each figure by itself.
func median(results []result) (m result) {
	m.perSecond = middle(results, func(r result) float64 { return r.perSecond })
	m.p50 = middle(results, func(r result) time.Duration { return r.p50 })
	m.p99 = middle(results, func(r result) time.Duration { return r.p99 })
	m.cpu = middle(results, func(r result) time.Duration { return r.cpu })
	m.memory = middle(results, func(r result) float64 { return r.memory })
	return m
}

func middle[T cmp.Ordered](results []result, figure func(result) T) T {
	figures := make([]T, len(results))
	for i, r := range results {
		figures[i] = figure(r)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

func (c comparison) table(w io.Writer, keys int, started time.Duration, yardstick, server result) error {
	_, err := fmt.Fprintf(w, `%s, %s, %d cores; wrk -t1 -c%d, %d rounds of %s in turn, medians; %d access keys ask

| | tokens/s | p50 | p99 | CPU a token | memory |
| --- | --- | --- | --- | --- | --- |
%s%s| ratio | %.2f | %.2f | %.2f | %.2f | |

Start to first token: %d ms
`,
		processor(), runtime.Version(), runtime.NumCPU(), c.connections, c.rounds, c.length, keys,
		row("yardstick", yardstick), row("mintkey", server),
		server.perSecond/yardstick.perSecond, ratio(server.p50, yardstick.p50), ratio(server.p99, yardstick.p99),
		ratio(server.cpu, yardstick.cpu), started.Milliseconds())
	return err
}

func row(name string, r result) string {
	return fmt.Sprintf("| %s | %.0f | %.1f ms | %.1f ms | %d µs | %.0f MiB |\n", name, r.perSecond,
		r.p50.Seconds()*1000, r.p99.Seconds()*1000, r.cpu.Microseconds(), r.memory)
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

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
