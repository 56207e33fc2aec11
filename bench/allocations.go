package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// allocations is what one token takes from the heap, without the network.
type allocations struct {
	Count int `json:"count"`
	Bytes int `json:"bytes"`
}

// tokenRuns is enough for what happens once, such as the growth of a pool, not to show in an average.
const tokenRuns = 5000

// allocationsOfToken runs BenchmarkToken. It is a program of its own because the race detector, with which tests run, changes the figures.
func allocationsOfToken(ctx context.Context) (allocations, error) {
	command := exec.CommandContext(ctx, "go", "test", "./server", "-run", "^$", "-bench", "^BenchmarkToken$", "-benchmem",
		"-benchtime", strconv.Itoa(tokenRuns)+"x")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return allocations{}, fmt.Errorf("BenchmarkToken: %w: %s", err, out)
	}
	return parseAllocations(out)
}

var benchmarkLine = regexp.MustCompile(`(?m)^BenchmarkToken\S*\s.*?(\d+) B/op\s+(\d+) allocs/op`)

func parseAllocations(out []byte) (a allocations, err error) {
	found := benchmarkLine.FindSubmatch(out)
	if found == nil {
		return a, fmt.Errorf("BenchmarkToken did not say what it allocates: %s", out)
	}
	if a.Bytes, err = strconv.Atoi(string(found[1])); err != nil {
		return a, err
	}
	a.Count, err = strconv.Atoi(string(found[2]))
	return a, err
}
