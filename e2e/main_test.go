package e2e_test

import (
	"os"
	"testing"

	"mintkey/e2e/internal/e2etest"
)

// mintkey is the path of the program under test, built once for the whole run.
var mintkey string

func TestMain(m *testing.M) {
	os.Exit(e2etest.Main(m, &mintkey, raceFlags()...))
}

// raceFlags make the servers look for races too, where the tests do.
func raceFlags() []string {
	if raceDetector {
		return []string{"-race"}
	}
	return nil
}
