package openapitest

import (
	"maps"
	"slices"
	"strings"
)

func (c *Checker) saw(answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[answer] = true
}

// Seen lists the kinds of answers seen so far, each as "METHOD /path/{template} status", sorted.
func (c *Checker) Seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.seen))
}

// Uncovered lists the successful answers (2xx) of the documents that none of the checkers has seen, in the form and
// order of Seen. An operation that only ever failed is not covered.
func Uncovered(checkers ...*Checker) []string {
	seen, missing := map[string]bool{}, map[string]bool{}
	for _, c := range checkers {
		for _, answer := range c.Seen() {
			seen[answer] = true
		}
	}
	for _, c := range checkers {
		for _, success := range c.successes() {
			if !seen[success] {
				missing[success] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

// successes lists every successful answer of the document.
func (c *Checker) successes() []string {
	var all []string
	for path, item := range c.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if strings.HasPrefix(status, "2") {
					all = append(all, answer(method, path, status))
				}
			}
		}
	}
	return all
}
