package chaos_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	full  = flag.Bool("full", false, "run every row, and long histories, instead of the quick part")
	table = flag.String("table", "", "file to write the table to, as Markdown")
)

// mintkey is the path of the program under test, built once for the whole run.
var mintkey string

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "e2e/chaos: left out by -short")
		return
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "mintkey-chaos-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	mintkey = filepath.Join(dir, "mintkey")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", mintkey, "mintkey/cmd/mintkey").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

const patience = 60 * time.Second // far beyond what anything here takes, so that a busy machine fails nothing

// within polls until check returns nil. It returns the last error when the time is over.
func within(limit time.Duration, check func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	if err := within(patience, check); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
