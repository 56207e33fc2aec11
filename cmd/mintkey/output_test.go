package main_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	mintkey "mintkey/cmd/mintkey"
	"mintkey/policy"
)

// YAML says the same as the JSON that it is made of, whatever text is in it, and nothing that a terminal obeys.
func TestYAMLSaysTheSame(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", "yes", "NO", "off", "y", "null", "~", "1", "1.5", "0x1f", "12:30", "2026-01-31", "2026-01-31T00:00:00Z", "- a", "a: b", "# c",
		"a\nb", " a", "a ", "\x1b]0;owned\a", "\u202eevil", "\u009b31m", "'", "\"", "<<", "=", "!!int 1", "&a", "*a", "\U000e0001",
	}))
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]any{
			"text": text.Draw(t, "text"), "list": []any{text.Draw(t, "item"), true, nil, 1.5}, "empty": []any{}, "none": map[string]any{},
			text.Draw(t, "name"): map[string]any{"number": 7.0},
		}
		source, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(source, &want); err != nil { // what is not UTF-8 is replaced
			t.Fatal(err)
		}
		converted, err := mintkey.YAMLOf(string(source))
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		for _, r := range converted {
			if r != '\n' && !policy.OnOneLine(r) {
				t.Fatalf("%q has %q", converted, r)
			}
		}
		var got map[string]any
		if err := yaml.Unmarshal([]byte(converted), &got); err != nil {
			t.Fatalf("%s: %v", converted, err)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]any
		if err := json.Unmarshal(again, &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, read); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", converted, diff)
		}
	})
}

// A table is no wider than the terminal as long as its first column has room, and its columns stay aligned under wide characters.
func TestTableFitsTheTerminal(t *testing.T) {
	cell := rapid.StringOfN(rapid.RuneFrom([]rune("ab 葛é👩")), 0, 30, -1)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 4).Draw(t, "rows")
		width := rapid.IntRange(12, 120).Draw(t, "width")
		for line := range strings.Lines(mintkey.FitTable(rows, width)) {
			if w := uniseg.StringWidth(strings.TrimRight(line, "\n")); w > width {
				t.Fatalf("%d columns for %d: %q", w, width, line)
			}
		}
	})
	const want = "ONE   TWO  THREE\n葛蕾  b    c\nabc   d    e\n"
	if got := mintkey.FitTable([][]string{{"葛蕾", "b", "c"}, {"abc", "d", "e"}}, 0); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestAges(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for away, want := range map[time.Duration]string{
		0:                           "now",
		-time.Second:                "1 second ago",
		90 * time.Second:            "in 1 minute",
		-47 * time.Hour:             "47 hours ago",
		48*time.Hour - 1:            "in 47 hours",
		89*24*time.Hour + time.Hour: "in 89 days",
		-800 * 24 * time.Hour:       "2 years ago",
	} {
		if got := mintkey.InWords(now.Add(away), now); got != want {
			t.Errorf("%v: %q, want %q", away, got, want)
		}
	}
}
