package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// mintkey is the path of the program under test, built once for the whole run.
var mintkey string

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "e2e: left out by -short")
		return
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "mintkey-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	mintkey = filepath.Join(dir, "mintkey")
	args := []string{"build", "-buildvcs=false", "-o", mintkey}
	if raceDetector { // then the servers look for races too
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "mintkey/cmd/mintkey")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

const patience = 30 * time.Second // far beyond what anything here takes, so that a busy machine fails nothing

// eventually polls until check returns nil, and fails the test with its last error when patience ends.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
