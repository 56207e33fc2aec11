package main_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	main "mintkey/cmd/mintkey"
)

// No line of any help is wider than a terminal of 80 columns.
func TestHelpFitsEightyColumns(t *testing.T) {
	commands := main.CommandPaths()
	if len(commands) < 90 {
		t.Errorf("only %d commands have been found", len(commands))
	}
	for _, command := range commands {
		var help bytes.Buffer
		if err := main.Run(t.Context(), append(command, "--help"), nil, strings.NewReader(""), &help, io.Discard); err != nil {
			t.Errorf("mintkey %v --help: %v", command, err)
		}
		if !strings.Contains(help.String(), "--help") {
			t.Errorf("mintkey %v --help says %q", command, help.String())
		}
		for line := range strings.Lines(help.String()) {
			if line = strings.TrimRight(line, "\n"); uniseg.StringWidth(line) > 80 {
				t.Errorf("mintkey %v --help, %d columns: %s", command, uniseg.StringWidth(line), line)
			}
		}
	}
}

// A manual page breaks lines where macros say so, and takes no text for a macro.
func TestManualPages(t *testing.T) {
	folder := t.TempDir()
	if err := main.Run(t.Context(), []string{"man", folder}, nil, strings.NewReader(""), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(folder, "mintkey*.1"))
	if err != nil || len(pages) < 90 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	macros := []string{".TH", ".SH", ".PP", ".TP", ".nf", ".fi", ".nh", ".ad"}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if line == "\n" || strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !slices.Contains(macros, first) {
				t.Errorf("%s: %q", filepath.Base(page), line)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "mintkey-keys-create.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n.TP\n\\fB\\-\\-label\\fR \\fIstring\\fR\nwhat the key is for\n",
		"\n.nf\n  mintkey keys create \\-\\-email ada@example.com \\-\\-label \"load tests\" \\-\\-scopes api\n",
		"\n.SH SEE ALSO\n\\fBmintkey\\-keys\\fR(1),\n\\fBmintkey\\-exit\\-codes\\fR(1)\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
