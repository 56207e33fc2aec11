package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"mintkey/policy"
)

// secretSearch collects the client secrets that it finds, and what it could not read; it goes on after either.
type secretSearch struct {
	allowed allowList
	leaks   []leak
	secrets map[string]bool // those found; nil to keep none
	unread  []error
}

func (s *secretSearch) failed(err error) {
	if err != nil {
		s.unread = append(s.unread, err)
	}
}

// path searches a file, a folder with all that is below it, or standard input for "-". It follows a link that it is given, and none below a
// folder.
func (s *secretSearch) path(path string, stdin io.Reader) {
	if path == "-" {
		s.read(path, stdin)
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		s.failed(err)
		return
	}
	if !info.IsDir() {
		s.file(path)
		return
	}
	s.failed(filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			s.failed(err)
		case entry.IsDir() && (entry.Name() == ".git" || s.allowed.path(path)):
			return fs.SkipDir
		case entry.Type().IsRegular():
			s.file(path)
		}
		return nil
	}))
}

func (s *secretSearch) file(path string) {
	if s.allowed.path(path) {
		return
	}
	file, err := os.Open(path)
	if err != nil {
		s.failed(err)
		return
	}
	s.read(path, file)
	_ = file.Close() // nothing was written
}

const searchWindow = 1 << 20 // bytes

// read searches a text of any length. Consecutive windows overlap by the longest form of a secret, and a secret counts in the one where it
// begins before the overlap, so that each counts once and is whole there.
func (s *secretSearch) read(name string, text io.Reader) {
	buffer, kept := make([]byte, searchWindow), 0
	line, column := 1, 1 // of the window's first byte
	for {
		n, err := io.ReadFull(text, buffer[kept:])
		window := buffer[:kept+n]
		if err == nil {
			end := len(window) - longestForm
			s.text(name, window, end, line, column)
			line, column = position(window[:end], line, column)
			kept = copy(buffer, window[end:])
			continue
		}
		s.text(name, window, len(window), line, column)
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			s.failed(fmt.Errorf("read %s: %w", name, err))
		}
		return
	}
}

// text searches a part of a file that begins at the line and column, for secrets that begin before the end.
func (s *secretSearch) text(name string, text []byte, end, line, column int) {
	for _, found := range secretsIn(text) {
		digest := policy.ClientSecretFromRequest(found.secret).Digest()
		if found.at >= end || s.allowed.digest(digest) {
			continue
		}
		if s.secrets != nil {
			s.secrets[found.secret] = true
		}
		l, c := position(text[:found.at], line, column)
		s.leaks = append(s.leaks, leak{name, l, c, hex.EncodeToString(digest[:])})
	}
}

// position is the line and column after a text that begins at the given ones.
func position(text []byte, line, column int) (afterLine, afterColumn int) {
	lines := bytes.Count(text, []byte("\n"))
	if lines > 0 {
		column = 1
	}
	return line + lines, column + len(text) - 1 - bytes.LastIndexByte(text, '\n')
}

// staged searches the lines that the changes staged in git would add. No configuration of git changes the form of the differences, and
// binary files count as text.
func (s *secretSearch) staged(ctx context.Context) {
	if _, err := runGit(ctx, "rev-parse", "--git-dir"); err != nil {
		s.failed(err)
		return
	}
	differences, err := runGit(ctx, "diff", "--cached", "--unified=0", "--text", "--no-color", "--no-ext-diff", "--no-textconv",
		"--no-renames", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/")
	if err != nil {
		s.failed(err)
		return
	}
	s.difference("what git diff --cached says", bytes.NewReader(differences))
}

// difference searches the lines that a diff adds.
func (s *secretSearch) difference(name string, text io.Reader) {
	files, _, err := gitdiff.Parse(text)
	if err != nil {
		s.failed(fmt.Errorf("read %s: %w", name, err))
		return
	}
	for _, file := range files {
		if s.allowed.path(file.NewName) {
			continue
		}
		for _, fragment := range file.TextFragments {
			line := int(fragment.NewPosition)
			for _, l := range fragment.Lines {
				if l.Op == gitdiff.OpAdd {
					s.text(file.NewName, []byte(l.Line), len(l.Line), line, 1)
				}
				if l.Op != gitdiff.OpDelete {
					line++
				}
			}
		}
	}
}

func runGit(ctx context.Context, args ...string) ([]byte, error) {
	git := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the arguments are those above
	var complaint bytes.Buffer
	git.Stderr = &complaint
	output, err := git.Output()
	if err != nil {
		said, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, said)
	}
	return output, nil
}
