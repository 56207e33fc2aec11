package main_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	mintkey "mintkey/cmd/mintkey"
)

var update = flag.Bool("update", false, "write docs/commands.md anew")

// docs/commands.md is what the commands say of themselves.
func TestCommandsPageIsCurrent(t *testing.T) {
	const page = "../../docs/commands.md"
	const anew = "go test ./cmd/mintkey -run TestCommandsPageIsCurrent -update"
	var want bytes.Buffer
	mintkey.WriteCommands(&want)
	if *update {
		if err := os.WriteFile(page, want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want.Bytes()) {
		return
	}
	is, should := strings.Split(string(got), "\n"), strings.Split(want.String(), "\n")
	for i := range min(len(is), len(should)) {
		if is[i] != should[i] {
			t.Fatalf("line %d is %q, the commands say %q: %s", i+1, is[i], should[i], anew)
		}
	}
	t.Fatalf("docs/commands.md has %d lines, the commands say %d: %s", len(is), len(should), anew)
}
