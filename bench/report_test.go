package main

import (
	"encoding/xml"
	"strings"
	"testing"
)

func TestReplacedKeepsTheRestOfThePage(t *testing.T) {
	got, err := replaced([]byte("# Head\n"+begin+"old\n"+end+"tail\n"), "new\n")
	if want := "# Head\n" + begin + "new\n" + end + "tail\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, content := range []string{"# Head\n", begin, end + begin} {
		if got, err := replaced([]byte(content), "new\n"); err == nil {
			t.Errorf("%q became %q", content, got)
		}
	}
}

func TestParseStepsTakesTheFastestRun(t *testing.T) {
	got, err := parseSteps("tokens", []byte("BenchmarkSign/ES256 \t 100\t 30000 ns/op\t 10 B/op\t 2 allocs/op\n"+
		"BenchmarkSign/ES256 \t 100\t 20000.5 ns/op\t 11 B/op\t 3 allocs/op\nBenchmarkSign/RS256 \t 9\t 7 ns/op\t 0 B/op\t 0 allocs/op\n"))
	want := []step{{"`tokens` Sign/ES256", 20000.5, allocations{3, 11}}, {"`tokens` Sign/RS256", 7, allocations{}}}
	if err != nil || len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got, err := parseSteps("tokens", []byte("PASS\n")); err == nil {
		t.Errorf("%+v of benchmarks that did not run", got)
	}
}

func TestDrawingIsXML(t *testing.T) {
	text := draw([]bar{{"yardstick", 1, "1"}, {"Mintkey on bolt", 2, "2.00"}})
	if err := xml.Unmarshal([]byte(text), new(struct{})); err != nil {
		t.Error(err)
	}
	for _, want := range []string{`width="420"`, `width="210"`, "Mintkey on bolt", "prefers-color-scheme: dark"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}
