package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
)

const defaultRotationOverlap = time.Hour

// rotated is what the command says with -o json.
type rotated struct {
	ClientID             string     `json:"client_id"`
	File                 string     `json:"file"`
	Rotated              bool       `json:"rotated"`
	PreviousSecretEndsAt *time.Time `json:"previous_secret_ends_at,omitempty"`
}

func (p *program) keysRotateCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate --self --out FILE",
		Short: "Give the access key in use a new secret, and save it in the file that its program reads",
		Long: "Give the access key in use a new secret, and save it in the file that its program reads. Scope rotate is enough.\n" +
			"FILE is like the file of mintkey login: JSON with url, client_id and client_secret. The present secret is read from it; the first\n" +
			"time, while there is no such file, from the usual settings. It is replaced as a whole, and only its owner can read it.\n" +
			"The old secret keeps working for --overlap, so a program that reads FILE again in that time is never refused.\n" +
			"If the answer is lost or the command is killed, run it again: FILE.rotation has what it needs to go on, and no secret is lost.\n" +
			"With --every nothing is done while FILE is younger, so a timer may run this as often as it likes.",
		Example: "  mintkey keys rotate --self --out /var/lib/billing/key.json --every 720h",
		Args:    arguments(cobra.NoArgs),
	}
	self := c.Flags().Bool("self", false, "the access key in use; nothing else can be rotated")
	out := c.Flags().String("out", "", "file with the access key of the program")
	every := addDurationFlag(c, "every", 0, time.Nanosecond, "do nothing while FILE is younger than this, such as 30d")
	overlap := addDurationFlag(c, "overlap", defaultRotationOverlap, time.Second,
		fmt.Sprintf("how long the old secret keeps working, from 1m to %dd", policy.MaxOverlap/day))
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case !*self:
			return usagef("give --self: a program can rotate its own access key only")
		case *out == "":
			return usagef("give --out, the file with the access key of the program")
		case *overlap < time.Minute || *overlap > policy.MaxOverlap:
			// Without an overlap, an answer that is lost on the way would take the only secret with it.
			return usagef("--overlap is between 1m and %dd", policy.MaxOverlap/day)
		case *every < 0:
			return usagef("--every is not negative")
		}
		return p.rotate(c, f, *out, *every, *overlap)
	}
	return c
}

func (p *program) rotate(c *cobra.Command, f *keysFlags, out string, every, overlap time.Duration) error {
	unlock, err := lockFile(out)
	if err != nil {
		return err
	}
	defer unlock()
	saved, err := os.Stat(out)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look at the file: %w", err)
	}
	a, err := p.accessToRotate(c.Context(), f.access, out, saved != nil)
	if err != nil {
		return err
	}
	r := &rotation{program: p, file: out, overlap: overlap, held: a}
	begun, err := r.begun()
	if err != nil {
		return err
	}
	if saved != nil && !begun && p.clock().Sub(saved.ModTime()) < every {
		return p.showRotated(rotated{ClientID: a.clientID, File: out}, saved.ModTime())
	}
	if saved == nil { // the present secret first, so that whatever is lost from here on, the file has one that works
		if err := saveProfile(out, a); err != nil {
			return fmt.Errorf("save the access key: %w", err)
		}
		// It is not of now: were the command killed here, --every would wait while nothing has been rotated.
		if err := os.Chtimes(out, time.Time{}, time.Unix(0, 0)); err != nil {
			return fmt.Errorf("save the access key: %w", err)
		}
	}
	for _, step := range r.steps() {
		if err := step(c.Context()); err != nil {
			return r.clear(err, begun, saved == nil)
		}
	}
	done := rotated{ClientID: a.clientID, File: out, Rotated: true, PreviousSecretEndsAt: r.intent.PreviousSecretEndsAt}
	return p.showRotated(done, p.clock())
}

// accessToRotate is the access key in the file, or the one that flags, environment or profile give while there is no file.
func (p *program) accessToRotate(ctx context.Context, f *accessFlags, out string, exists bool) (access, error) {
	if !exists {
		return p.resolve(ctx, f)
	}
	a, err := p.readProfile(profileAt{path: out})
	if err != nil {
		return a, err
	}
	if a.via, err = p.newConnection(&f.serverFlags); err != nil {
		return a, err
	}
	if given := cmp.Or(f.url, strings.TrimSpace(p.getenv("MINTKEY_URL"))); given != "" && !sameServer(given, a.url) {
		return a, usagef("the access key in %s is for %s, not for %s", out, a.url, given) // another server must not get the secret
	}
	return a, p.checkAccess(a, &f.serverFlags)
}

func (p *program) showRotated(what rotated, at time.Time) error {
	return p.print(what, func(w io.Writer) {
		if !what.Rotated {
			_, _ = fmt.Fprintf(w, "Nothing to do: the secret of %s in %s is of %s.\n", what.ClientID, what.File, showTime(&at))
			return
		}
		_, _ = fmt.Fprintf(w, "%s has a new secret, saved in %s. The old one works until %s.\n", what.ClientID, what.File,
			showTime(what.PreviousSecretEndsAt))
	})
}
