package main

import (
	"strings"
	"testing"
)

func TestParseAllocations(t *testing.T) {
	got, err := parseAllocations([]byte("cpu: A\nBenchmarkToken-2 \t  16848\t  76731 ns/op\t  20955 B/op\t  142 allocs/op\nPASS\n"))
	if want := (allocations{Count: 142, Bytes: 20955}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got, err := parseAllocations([]byte("PASS\n")); err == nil {
		t.Errorf("%+v of a benchmark that did not run", got)
	}
}

func TestCheckFailsPastTenPercent(t *testing.T) {
	e := expected{Token: allocations{Count: 100, Bytes: 20000}, CPURatio: map[string]float64{"bolt": 1}}
	for _, c := range []struct {
		name string
		err  error
		want string // empty: no error
	}{
		{"as expected", e.checkAllocations(allocations{100, 20000}), ""},
		{"at the limit", e.checkAllocations(allocations{110, 22000}), ""},
		{"better", e.checkAllocations(allocations{1, 1}), ""},
		{"one allocation too many", e.checkAllocations(allocations{111, 20000}), "allocations of a token: 111, expected at most 110"},
		{"one byte too many", e.checkAllocations(allocations{100, 22001}), "bytes that a token allocates: 22001, expected at most 22000"},
		{"as dear as expected", e.checkCPU("bolt", 1.1), ""},
		{"too dear", e.checkCPU("bolt", 1.11), "CPU time of a token on bolt, in yardsticks: 1.11, expected at most 1.1"},
		{"unknown store", e.checkCPU("paper", 1), "no CPU time for paper"},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, c.err, c.want)
		}
	}
}

// TestExpectedIsWhole: every store that is measured has a figure to be compared with.
func TestExpectedIsWhole(t *testing.T) {
	e, err := readExpected()
	if err != nil {
		t.Fatal(err)
	}
	if e.Token.Count == 0 || e.Token.Bytes == 0 {
		t.Errorf("no allocations: %+v", e.Token)
	}
	for _, kind := range kinds {
		if e.CPURatio[kind] == 0 {
			t.Errorf("no CPU time for %s", kind)
		}
	}
}

// TestRatioIsOfTheSameRound: a machine that was slow in one round was slow for both.
func TestRatioIsOfTheSameRound(t *testing.T) {
	c := comparison{yardstick: rounds{{cpu: 100}, {cpu: 400}, {cpu: 100}}, server: rounds{{cpu: 100}, {cpu: 400}, {cpu: 120}}}
	if got := c.ratio(cpuOf); got != 1 {
		t.Errorf("%v, want 1", got)
	}
}
