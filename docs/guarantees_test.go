package docs_test

import (
	"regexp"
	"testing"
)

// A promise of guarantees.md names tests that exist.
func TestPromisesNameTestsThatExist(t *testing.T) {
	defined := map[string]bool{}
	for _, text := range files(t, ".go") {
		for _, name := range column(regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`), text) {
			defined[name] = true
		}
	}
	named := column(regexp.MustCompile("`(Test\\w+)`"), read(t, "guarantees.md"))
	for _, name := range named {
		if !defined[name] {
			t.Errorf("guarantees.md names %s, which does not exist", name)
		}
	}
	if len(named) < 20 {
		t.Errorf("only %d tests are named: the search must have missed some", len(named))
	}
}
