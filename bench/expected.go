package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
)

// expected is what a token is known to cost. Whoever makes it dearer on purpose changes the file, in the same commit.
type expected struct {
	Token    allocations        `json:"allocations_of_a_token"`
	CPURatio map[string]float64 `json:"cpu_of_a_token_in_yardsticks"` // by kind of store
}

//go:embed expected.json
var expectedText []byte

func readExpected() (e expected, err error) {
	err = json.Unmarshal(expectedText, &e)
	return e, err
}

// tolerance is how much worse than expected a figure may be.
const tolerance = 0.10

// checkAllocations returns an error for each figure that is too bad.
func (e expected) checkAllocations(got allocations) error {
	return errors.Join(
		check("allocations of a token", float64(got.Count), float64(e.Token.Count)),
		check("bytes that a token allocates", float64(got.Bytes), float64(e.Token.Bytes)))
}

// checkCPU compares the CPU time of a token, as a ratio to the yardstick's, on a kind of store.
func (e expected) checkCPU(kind string, got float64) error {
	want, ok := e.CPURatio[kind]
	if !ok {
		return fmt.Errorf("bench/expected.json has no CPU time for %s", kind)
	}
	return check("CPU time of a token on "+kind+", in yardsticks", got, want)
}

func check(name string, got, want float64) error {
	if limit := want * (1 + tolerance); got > limit {
		return fmt.Errorf("%s: %.6g, expected at most %.6g (%.6g and %.0f %%)", name, got, limit, want, tolerance*100)
	}
	return nil
}
