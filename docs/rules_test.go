package docs_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lastRule is the number of the last rule. There are no gaps.
const lastRule = 37

// allRules are R1 to the last.
func allRules() []string {
	names := make([]string, lastRule)
	for i := range names {
		names[i] = fmt.Sprintf("R%d", i+1)
	}
	return names
}

// Every rule has one definition, and one row that says whether it is built, in order.
func TestRulesAreComplete(t *testing.T) {
	rules := read(t, "rules.md")
	defined := column(regexp.MustCompile(`(?m)^- \*\*(R\d+)\. \S`), rules)
	if diff := cmp.Diff(allRules(), defined); diff != "" {
		t.Errorf("definitions in rules.md (-want +got):\n%s", diff)
	}
	built := column(regexp.MustCompile(`(?m)^\| (R\d+) \| (?:yes \| |partly \| \S.*|not yet \| )\|$`), rules)
	if diff := cmp.Diff(allRules(), built); diff != "" {
		t.Errorf("rows of rules.md that say whether a rule is built (-want +got):\n%s", diff)
	}
}

// Whoever reads "(R12)" in a comment, a page or a template must find R12 in rules.md.
func TestCitedRulesExist(t *testing.T) {
	defined := map[string]bool{}
	for _, name := range allRules() {
		defined[name] = true
	}
	texts := files(t, ".go", ".md", ".html", ".txt", ".css", ".js", ".mjs", ".json", ".yaml", ".yml")
	cited := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		text := texts[path]
		if strings.HasSuffix(path, ".go") {
			text = comments(text)
		}
		for i, line := range strings.Split(text, "\n") {
			for _, name := range citations(line) {
				cited[name] = true
				if !defined[name] {
					t.Errorf("%s:%d cites %s, which docs/rules.md does not have", path, i+1, name)
				}
			}
		}
	}
	if len(cited) < 20 {
		t.Errorf("only %d different rules are cited in %d files: the search must have missed some", len(cited), len(texts))
	}
}

func TestCitations(t *testing.T) {
	for text, want := range map[string][]string{
		"as R12 says":                  {"R12"},
		"(R3, R24)":                    {"R3", "R24"},
		"R20–R22":                      {"R20", "R22"},
		"R99, and R100 too":            {"R99", "R100"},
		"CR5, R2D2, R-1, R, aR1, 7R1x": nil,
	} {
		if diff := cmp.Diff(want, citations(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	code := comments("package p // R1\n\nvar R2 = \"R3\" /* R4\nR5 */ // R6")
	if diff := cmp.Diff([]string{"R1", "R4", "R5", "R6"}, citations(code)); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	if lines := strings.Split(code, "\n"); len(lines) != 4 || citations(lines[3])[0] != "R5" {
		t.Errorf("comments moved to other lines: %q", code)
	}
}

// citations finds the names of rules in a text.
func citations(text string) []string {
	return regexp.MustCompile(`\bR\d+\b`).FindAllString(text, -1)
}

// comments is a Go file with everything but its comments left out. Lines keep their numbers.
func comments(source string) string {
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(source))
	var scan scanner.Scanner
	scan.Init(file, []byte(source), nil, scanner.ScanComments)
	var kept strings.Builder
	for {
		pos, kind, literal := scan.Scan()
		if kind == token.EOF {
			return kept.String()
		}
		if kind == token.COMMENT {
			for strings.Count(kept.String(), "\n") < file.Line(pos)-1 {
				kept.WriteByte('\n')
			}
			kept.WriteString(literal + " ")
		}
	}
}

// column returns the first group of every match.
func column(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}
