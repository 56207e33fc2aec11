package docs_test

import (
	"regexp"
	"testing"
)

// A promise of these pages names tests that exist.
func TestPromisesNameTestsThatExist(t *testing.T) {
	defined := map[string]bool{}
	for _, text := range files(t, ".go") {
		for _, name := range column(regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`), text) {
			defined[name] = true
		}
	}
	named := 0
	for _, page := range []string{
		"guarantees.md", "administration.md", "limits.md", "monitoring.md", "operations.md", "redis.md", "releasing.md",
		"runbook.md", "upgrading.md",
	} {
		for _, name := range column(regexp.MustCompile("`(Test\\w+)`"), read(t, page)) {
			named++
			if !defined[name] {
				t.Errorf("%s names %s, which does not exist", page, name)
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d tests are named: the search must have missed some", named)
	}
}
