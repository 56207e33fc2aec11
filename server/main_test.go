package server_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"mintkey/server/adminapi/openapitest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// coverage gathers the checkers of all tests, to see in the end which answers of the document nobody ever got.
var coverage struct {
	sync.Mutex
	checkers []*openapitest.Checker
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && flag.Lookup("test.list").Value.String() == "" {
		code = judgeCoverage()
	}
	os.Exit(code)
}

// judgeCoverage fails a whole run in which some success of the document was never seen.
func judgeCoverage() int {
	uncovered := openapitest.Uncovered(coverage.checkers...)
	for _, answer := range uncovered {
		fmt.Fprintf(os.Stderr, "FAIL: no test got the documented answer %s\n", answer)
	}
	return min(len(uncovered), 1)
}
