package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// leak is the place where a client secret was found. It does not hold the secret.
type leak struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"` // in bytes, from 1
	SHA256 string `json:"sha256"` // of the secret, as a line of an allow list has it
}

// uncheckedError means that something could not be searched, so that nothing can be said of it.
type uncheckedError struct{ err error }

func (e *uncheckedError) Error() string { return e.err.Error() }
func (e *uncheckedError) Unwrap() error { return e.err }

func (p *program) secretCommand() *cobra.Command {
	var staged, diff bool
	var allow string
	check := &cobra.Command{
		Use:   "check [FILE|FOLDER…]",
		Short: "Look for client secrets in files, folders, staged changes or standard input, by pattern and checksum",
		Long: "Look for client secrets by pattern and checksum: in files and folders (all of it but .git, binary files too), in what\n" +
			"is staged in git (added lines only), or in standard input when nothing is named. It never prints a secret.\n\n" +
			"One is also found with its underscore escaped (as %5F, \\u005f, &#95; and the like), in UTF-16, and in base64, whatever is\n" +
			"before and after it there; in a diff, where base64 is not broken into lines.\n\n" +
			"The exit code is 0 when there is none, 1 when one is found, and 2 when something could not be read.\n\n" +
			"An allow list has a line for each secret that is no secret, such as one in an example: the sha256 that the check\n" +
			"prints. A line path:NAME lets a file or a whole folder pass; NAME may have * and ?. # begins a comment.",
		Example: "  mintkey secret check --staged\n  git diff origin/main | mintkey secret check --diff\n" +
			"  mintkey secret check --allow .mintkey-allow .",
		RunE: func(c *cobra.Command, paths []string) error {
			switch {
			case staged && diff:
				return usagef("give either --staged or --diff")
			case staged && len(paths) > 0:
				return usagef("--staged takes no files: it looks at what is staged")
			case diff && len(paths) > 0:
				return usagef("--diff takes no files: it reads standard input")
			}
			return p.checkForSecrets(c.Context(), paths, staged, diff, allow)
		},
	}
	check.Flags().BoolVar(&staged, "staged", false, "look at the lines that are added by what is staged in git")
	check.Flags().BoolVar(&diff, "diff", false, "read a diff, as git diff prints it, and look at the lines that it adds")
	check.Flags().StringVar(&allow, "allow", "", "file with what may pass: lines of sha256:DIGEST and path:NAME")
	return group("secret", "Find leaked client secrets", check, p.secretReportCommand())
}

func (p *program) checkForSecrets(ctx context.Context, paths []string, staged, diff bool, allow string) error {
	search := &secretSearch{leaks: []leak{}}
	if err := search.allowed.load(allow); err != nil {
		return &uncheckedError{err}
	}
	switch {
	case staged:
		search.staged(ctx)
	case diff:
		search.difference("standard input", p.stdin)
	case len(paths) == 0:
		search.read("-", p.stdin)
	default:
		for _, path := range paths {
			search.path(path, p.stdin)
		}
	}
	err := p.print(map[string][]leak{"items": search.leaks}, func(w io.Writer) {
		for _, l := range search.leaks {
			_, _ = fmt.Fprintf(w, "%s:%d:%d: Mintkey client secret (sha256:%s)\n", l.File, l.Line, l.Column, l.SHA256)
		}
	})
	if err != nil {
		return err
	}
	unread := errors.Join(search.unread...)
	if found := len(search.leaks); found > 0 {
		err = fmt.Errorf("found %d: take each out, and refresh or revoke its access key, for the secret must count as known", found)
		return errors.Join(err, unread)
	}
	if unread != nil {
		return &uncheckedError{unread}
	}
	return nil
}
