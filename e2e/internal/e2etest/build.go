package e2etest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Patience is far beyond what anything here takes, so that a busy machine fails nothing.
const Patience = 3 * time.Minute

// Main builds mintkey once for the tests of a package, with the flags of "go build", leaves its path in program, and runs them. It
// returns the status to exit with. With -short there are none.
func Main(m *testing.M, program *string, flags ...string) int {
	flag.Parse()
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "the end-to-end tests are left out by -short")
		return 0
	}
	dir, err := os.MkdirTemp("", "mintkey-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	*program = filepath.Join(dir, "mintkey")
	if err := Build(*program, flags...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := flag.Set("test.parallel", strconv.Itoa(waitingAtOnce)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// waitingAtOnce is how many of the tests run at once that are parallel. They mostly wait, so it may be more than there are processors.
const waitingAtOnce = 4

// Build builds mintkey as the file, with the flags of "go build".
func Build(file string, flags ...string) error {
	args := append([]string{"build", "-buildvcs=false", "-o", file}, flags...)
	if out, err := exec.Command("go", append(args, "mintkey/cmd/mintkey")...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// Within polls until check returns nil. It returns the last error when the time is over.
func Within(limit time.Duration, check func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Eventually polls until check returns nil, and fails the test with its last error when Patience ends.
func Eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	if err := Within(Patience, check); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
