package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	page    = "docs/performance.md"
	drawing = "docs/images/performance.svg"
	// What lies between these two lines of the page is written by the report.
	begin, end = "<!-- begin of what make bench writes -->\n", "<!-- end of what make bench writes -->\n"
)

func reportCommand() *cobra.Command {
	var l load
	command := &cobra.Command{
		Use:   "report",
		Short: "Measure tokens on each kind of store and run the benchmarks, and write the tables of " + page + " and its drawing",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return runReport(command.Context(), l) },
	}
	l.flags(command.Flags(), 7, 8*time.Second)
	return command
}

func runReport(ctx context.Context, l load) error {
	before, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	dir, err := newFolder(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(string(dir)) }()
	compared := map[string]comparison{}
	for _, kind := range kinds {
		if compared[kind], err = compareOn(ctx, dir, kind, l); err != nil {
			return err
		}
	}
	steps, err := runSteps(ctx)
	if err != nil {
		return err
	}
	after, err := replaced(before, tokenTable(l, compared)+"\n"+stepTable(steps))
	if err != nil {
		return err
	}
	if err := os.WriteFile(page, after, 0o644); err != nil { //nolint:gosec // a page for everybody
		return err
	}
	return os.WriteFile(drawing, []byte(draw(bars(compared))), 0o644) //nolint:gosec // likewise
}

// replaced puts a text between the two lines of a page.
func replaced(content []byte, text string) ([]byte, error) {
	head, rest, hasBegin := bytes.Cut(content, []byte(begin))
	_, tail, hasEnd := bytes.Cut(rest, []byte(end))
	if !hasBegin || !hasEnd {
		return nil, errors.New(page + " has not the two lines between which the report goes")
	}
	return bytes.Join([][]byte{head, []byte(begin), []byte(text), []byte(end), tail}, nil), nil
}

func tokenTable(l load, compared map[string]comparison) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d cores, %s, %s; `wrk -t1 -c%d` on the same machine, %d rounds of %s in turn,\nmedians; %s.\n\n",
		processor(), runtime.NumCPU(), system(), runtime.Version(), l.connections, l.rounds, l.length, time.Now().Format("January 2006"))
	text.WriteString("| | tokens/s | in yardsticks | p50 | p99 | CPU a token | in yardsticks | memory | start to first token |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for i, kind := range kinds {
		c := compared[kind]
		if i == 0 {
			text.WriteString(fullRow("yardstick", c.yardstick.median(), 1, 1, "–"))
		}
		text.WriteString(fullRow("Mintkey on "+kind, c.server.median(), c.ratio(rateOf), c.ratio(cpuOf),
			fmt.Sprintf("%d ms", c.started.Milliseconds())))
	}
	return text.String()
}

func fullRow(name string, r result, rate, cpu float64, started string) string {
	return fmt.Sprintf("| %s | %.0f | %.2f | %.1f ms | %.1f ms | %d µs | %.2f | %.0f MiB | %s |\n", name, r.perSecond, rate,
		r.p50.Seconds()*1000, r.p99.Seconds()*1000, r.cpu.Microseconds(), cpu, r.memory, started)
}

// system is the kernel's name for itself.
func system() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease") // absent on other systems
	number, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
	return strings.TrimSpace(runtime.GOOS + " " + number)
}

// step is one Go benchmark.
type step struct {
	name        string
	nanoseconds float64
	allocations allocations
}

// runSteps runs the benchmarks of what a token and its verification consist of, on one core.
func runSteps(ctx context.Context) (steps []step, err error) {
	for _, b := range []struct{ folder, pattern string }{
		{"./server", "^BenchmarkToken$"},
		{"./store/boltstore", "^BenchmarkSubjectByClientID$"},
		{"./tokens", "^(BenchmarkSign|BenchmarkVerifyAgain)$"},
		{"./verify", "^BenchmarkVerify$"},
	} {
		command := exec.CommandContext(ctx, "go", "test", b.folder, "-run", "^$", "-bench", b.pattern, "-benchmem", "-cpu", "1", "-count", "5",
			"-benchtime", "300ms")
		command.Stderr = os.Stderr
		out, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("benchmarks of %s: %w: %s", b.folder, err, out)
		}
		found, err := parseSteps(strings.TrimPrefix(b.folder, "./"), out)
		if err != nil {
			return nil, err
		}
		steps = append(steps, found...)
	}
	return steps, nil
}

var stepLine = regexp.MustCompile(`(?m)^Benchmark(\S+)\s+\d+\s+([\d.]+) ns/op\s.*?(\d+) B/op\s+(\d+) allocs/op`)

// parseSteps takes the fastest of the runs of each benchmark: whatever else the machine does makes one slower, and nothing makes it faster.
func parseSteps(folder string, out []byte) (steps []step, err error) {
	at := map[string]int{}
	for _, found := range stepLine.FindAllSubmatch(out, -1) {
		s := step{name: "`" + folder + "` " + string(found[1])}
		if s.nanoseconds, err = strconv.ParseFloat(string(found[2]), 64); err != nil {
			return nil, err
		}
		if s.allocations.Bytes, err = strconv.Atoi(string(found[3])); err != nil {
			return nil, err
		}
		if s.allocations.Count, err = strconv.Atoi(string(found[4])); err != nil {
			return nil, err
		}
		if i, known := at[s.name]; !known {
			at[s.name] = len(steps)
			steps = append(steps, s)
		} else if s.nanoseconds < steps[i].nanoseconds {
			steps[i] = s
		}
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("no benchmark of %s said anything: %s", folder, out)
	}
	return steps, nil
}

func stepTable(steps []step) string {
	var text strings.Builder
	text.WriteString("One core, the fastest of five runs:\n\n| benchmark | time | allocations | bytes |\n| --- | --- | --- | --- |\n")
	for _, s := range steps {
		fmt.Fprintf(&text, "| %s | %.4g µs | %d | %d |\n", s.name, s.nanoseconds/1000, s.allocations.Count, s.allocations.Bytes)
	}
	return text.String()
}
