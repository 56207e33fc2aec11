package docs_test

import (
	"path/filepath"
	"regexp"
	"testing"
)

// A promise of a page names tests that exist.
func TestPromisesNameTestsThatExist(t *testing.T) {
	defined := map[string]bool{}
	for _, text := range files(t, ".go") {
		for _, name := range column(regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`), text) {
			defined[name] = true
		}
	}
	named := 0
	for page, text := range files(t, ".md") {
		for _, name := range column(regexp.MustCompile("`(Test\\w+)`"), text) {
			named++
			if !defined[name] {
				t.Errorf("%s names %s, which does not exist", filepath.FromSlash(page), name)
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d tests are named: the search must have missed some", named)
	}
}
