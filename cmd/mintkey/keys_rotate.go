package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
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
			"With --every nothing is done while FILE is younger, so a timer may run this as often as it likes.",
		Example: "  mintkey keys rotate --self --out /var/lib/billing/key.json --every 720h",
		Args:    arguments(cobra.NoArgs),
	}
	self := c.Flags().Bool("self", false, "the access key in use; nothing else can be rotated")
	out := c.Flags().String("out", "", "file with the access key of the program")
	every := c.Flags().Duration("every", 0, "do nothing while FILE is younger than this")
	overlap := c.Flags().Duration("overlap", defaultRotationOverlap,
		fmt.Sprintf("how long the old secret keeps working, from 1m to %dh", policy.MaxOverlap/time.Hour))
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case !*self:
			return usagef("give --self: a program can rotate its own access key only")
		case *out == "":
			return usagef("give --out, the file with the access key of the program")
		case *overlap < time.Minute || *overlap > policy.MaxOverlap:
			// Without an overlap, an answer that is lost on the way would take the only secret with it.
			return usagef("--overlap is between 1m and %dh", policy.MaxOverlap/time.Hour)
		case *every < 0:
			return usagef("--every is not negative")
		}
		return p.rotate(c, f, *out, *every, *overlap)
	}
	return c
}

func (p *program) rotate(c *cobra.Command, f *keysFlags, out string, every, overlap time.Duration) error {
	saved, err := os.Stat(out)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look at the file: %w", err)
	}
	var a access
	if err == nil {
		a, err = p.readProfile(&accessFlags{profile: out})
		a.url = cmp.Or(f.access.url, p.getenv("MINTKEY_URL"), a.url)
		err = cmp.Or(err, checkURL(a.url))
	} else {
		a, err = p.resolve(f.access)
	}
	if err != nil {
		return err
	}
	if saved != nil && p.clock().Sub(saved.ModTime()) < every {
		return p.showRotated(rotated{ClientID: a.clientID, File: out}, saved.ModTime())
	}
	if saved == nil { // the present secret first, so that whatever is lost from here on, the file has one that works
		if err := saveProfile(out, a); err != nil {
			return fmt.Errorf("save the access key: %w", err)
		}
		// It is not of now: were the answer lost, --every would wait while the secret in the file ends.
		if err := os.Chtimes(out, time.Time{}, time.Unix(0, 0)); err != nil {
			return fmt.Errorf("save the access key: %w", err)
		}
	}
	server, err := p.connectWith(c.Context(), a)
	if err != nil {
		return err
	}
	answer, err := server.call(c.Context(), http.MethodPost, path("me", "v1", "key", "refresh"),
		api.Refresh{OverlapSeconds: int64(overlap / time.Second)})
	if err != nil {
		return err
	}
	var fresh api.KeyWithSecret
	if err := json.Unmarshal(answer, &fresh); err != nil || fresh.ClientSecret == "" {
		return fmt.Errorf("refresh the access key: %s answered without a secret", a.url)
	}
	a.secret = policy.ClientSecretFromRequest(fresh.ClientSecret)
	if err := saveProfile(out, a); err != nil {
		return fmt.Errorf("save the new secret; the old one still works for %v: %w", overlap, err)
	}
	if _, err := p.fetchAdminToken(c.Context(), a); err != nil {
		return fmt.Errorf("try the new secret, which is saved: %w", err)
	}
	done := rotated{ClientID: a.clientID, File: out, Rotated: true, PreviousSecretEndsAt: fresh.PreviousSecretEndsAt}
	return p.showRotated(done, p.clock())
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
