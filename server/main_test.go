package server_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"mintkey/server/adminapi/openapitest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// coverage collects the checkers of all tests, to find the documented answers that no test got.
var coverage struct {
	sync.Mutex
	checkers []*openapitest.Checker
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	given := func(name string) bool { return flag.Lookup(name).Value.String() != "" }
	if code == 0 && !given("test.run") && !given("test.skip") && !given("test.list") {
		code = checkCoverage()
	}
	os.Exit(code)
}

// checkCoverage fails a complete run in which some success of the document was never seen.
func checkCoverage() int {
	uncovered := openapitest.Uncovered(coverage.checkers...)
	for _, answer := range uncovered {
		fmt.Fprintf(os.Stderr, "FAIL: no test got the documented answer %s\n", answer)
	}
	return min(len(uncovered), 1)
}
