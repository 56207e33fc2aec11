package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"mintkey/policy"
)

// leak is the place where a client secret was found. It does not hold the secret.
type leak struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"` // in bytes, from 1
}

func (p *program) secretCommand() *cobra.Command {
	return group("secret", "Find leaked client secrets", &cobra.Command{
		Use:   "check [FILE…]",
		Short: "Look for client secrets in files or standard input, by pattern and checksum",
		Long: "Look for client secrets in files, or in standard input when there are none, by pattern and checksum.\n" +
			"Exits with 1 when one is found, so that a pre-commit hook or a CI job stops. It never prints a secret.",
		Example: "  git diff --cached | mintkey secret check",
		RunE: func(_ *cobra.Command, files []string) error {
			leaks, err := p.findLeaks(files)
			if err != nil {
				return err
			}
			err = p.print(map[string][]leak{"items": leaks}, func(w io.Writer) {
				for _, l := range leaks {
					_, _ = fmt.Fprintf(w, "%s:%d:%d: Mintkey client secret\n", l.File, l.Line, l.Column)
				}
			})
			if err == nil && len(leaks) > 0 {
				err = fmt.Errorf("found %d: take each out, and refresh or revoke its access key, for the secret must count as known", len(leaks))
			}
			return err
		},
	})
}

func (p *program) findLeaks(files []string) ([]leak, error) {
	if len(files) == 0 {
		files = []string{"-"}
	}
	leaks := []leak{}
	for _, file := range files {
		text, err := p.readFile(file)
		if err != nil {
			return nil, err
		}
		for _, at := range policy.FindSecrets(text) {
			before := text[:at[0]]
			leaks = append(leaks, leak{file, bytes.Count(before, []byte("\n")) + 1, at[0] - bytes.LastIndexByte(before, '\n')})
		}
	}
	return leaks, nil
}

// readFile reads a file, or standard input for "-".
func (p *program) readFile(path string) ([]byte, error) {
	if path == "-" {
		text, err := io.ReadAll(p.stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return text, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	return text, nil
}
