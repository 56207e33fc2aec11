package main

import (
	"encoding/hex"
	"fmt"
	"os"
	slashpath "path"
	"path/filepath"
	"strings"

	"mintkey/policy"
)

// allowList says which secrets are none, and which files may hold some. The zero allowList allows nothing.
type allowList struct {
	digests map[policy.Digest]bool
	paths   []string // patterns of path.Match; relative ones go from the folder that the command runs in
}

// load reads a file of lines sha256:DIGEST and path:NAME. An empty name loads nothing.
func (a *allowList) load(name string) error {
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the allow list: %w", err)
	}
	a.digests = map[policy.Digest]bool{}
	for n, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := a.add(line); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, n+1, err)
		}
	}
	return nil
}

func (a *allowList) add(line string) error {
	kind, value, _ := strings.Cut(line, ":")
	switch kind {
	case "sha256":
		var digest policy.Digest
		if raw, err := hex.DecodeString(value); err != nil || copy(digest[:], raw) != len(digest) || len(raw) != len(digest) {
			return fmt.Errorf("sha256: is followed by %d hexadecimal digits", 2*len(digest))
		}
		a.digests[digest] = true
	case "path":
		pattern := slashpath.Clean(value)
		if _, err := slashpath.Match(pattern, ""); err != nil || value == "" {
			return fmt.Errorf("%q is no pattern of a path", value)
		}
		a.paths = append(a.paths, pattern)
	default:
		return fmt.Errorf("%q is neither sha256:DIGEST nor path:NAME", line)
	}
	return nil
}

func (a *allowList) digest(digest policy.Digest) bool { return a.digests[digest] }

// path says whether a pattern matches the path or a folder above it.
func (a *allowList) path(name string) bool {
	for at := slashpath.Clean(filepath.ToSlash(name)); ; at = slashpath.Dir(at) {
		for _, pattern := range a.paths {
			if matched, _ := slashpath.Match(pattern, at); matched {
				return true
			}
		}
		if at == slashpath.Dir(at) {
			return false
		}
	}
}
