package docs_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decision is what the index says of a decision, and what its file must say too.
type decision struct{ File, Number, Title, Status, Date string }

var (
	indexRow = regexp.MustCompile(`(?m)^\| \[(\d+)\]\(([^)]+)\) \| (.+) \| (.+) \| (.+) \|$`)
	fileHead = regexp.MustCompile(`^# (\d+)\. (.+)\n\n- Status: (.+)\n- Date: (.+)\n\n## Context\n`)
	status   = regexp.MustCompile(`^(accepted|superseded by \[\d+\]\(\d{4}-[a-z0-9-]+\.md\))$`)
	date     = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// The index lists every decision in order, with the title, status and date that the file has.
func TestDecisionsAreIndexed(t *testing.T) {
	var indexed []decision
	for _, m := range indexRow.FindAllStringSubmatch(read(t, "decisions/README.md"), -1) {
		indexed = append(indexed, decision{File: m[2], Number: m[1], Title: m[3], Status: m[4], Date: m[5]})
	}
	if diff := cmp.Diff(decisions(t), indexed); diff != "" {
		t.Errorf("docs/decisions/README.md (-files +index):\n%s", diff)
	}
}

func TestDecisionsHaveTheForm(t *testing.T) {
	for i, d := range decisions(t) {
		text := read(t, "decisions/"+d.File)
		if number := strconv.Itoa(i + 1); d.Number != number || !strings.HasPrefix(d.File, strings.Repeat("0", 4-len(number))+number+"-") {
			t.Errorf("%s is number %s, want %s in both", d.File, d.Number, number)
		}
		if !status.MatchString(d.Status) {
			t.Errorf("%s has the status %q: allowed are accepted, and superseded by [N](file)", d.File, d.Status)
		}
		if !date.MatchString(d.Date) {
			t.Errorf("%s has the date %q, want one such as 2026-11-25", d.File, d.Date)
		}
		sections := column(regexp.MustCompile(`(?m)^## (.+)$`), text)
		if diff := cmp.Diff([]string{"Context", "Decision", "Consequences"}, sections); diff != "" {
			t.Errorf("sections of %s (-want +got):\n%s", d.File, diff)
		}
	}
}

// decisions reads the head of every decision, by file name.
func decisions(t *testing.T) []decision {
	t.Helper()
	entries, err := os.ReadDir("decisions")
	if err != nil {
		t.Fatal(err)
	}
	var found []decision
	for _, entry := range entries {
		if entry.Name() == "README.md" {
			continue
		}
		m := fileHead.FindStringSubmatch(read(t, "decisions/"+entry.Name()))
		if m == nil {
			t.Errorf("%s does not begin with a title, a status, a date and the section Context", entry.Name())
			continue
		}
		found = append(found, decision{File: entry.Name(), Number: m[1], Title: m[2], Status: m[3], Date: m[4]})
	}
	return found
}
