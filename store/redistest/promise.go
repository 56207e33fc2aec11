package redistest

import (
	"flag"
	"testing"
	"time"
)

var promises = flag.Bool("promises", false, "fail when something takes longer than promised, which only a quiet machine can be held to")

// Took logs how long something took. It fails the test when that is longer than promised, but only with -promises: without it a test must
// pass on a busy machine too. It is safe for concurrent use.
func Took(t testing.TB, what string, took, promised time.Duration) {
	t.Helper()
	t.Logf("%s took %v", what, took.Round(time.Millisecond))
	if *promises && took > promised {
		t.Errorf("%s took %v, want %v at most", what, took, promised)
	}
}
