package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

func (p *program) loginCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "login",
		Short: "Save the server and the access key that the other commands use",
		Long: "Try an access key at its server and, if it works, save both in a file that only you can read (0600).\n" +
			"At a terminal it asks for what is not given, and does not show the secret. Elsewhere the secret comes from\n" +
			"--client-secret-file or MINTKEY_CLIENT_SECRET: a flag would show it in process lists.\n\n" +
			"--profile NAME keeps several servers or access keys apart; the commands use the one that was saved last, or that\n" +
			"mintkey switch chose. mintkey profiles lists them, and mintkey logout removes one.",
		Example: "  mintkey login --url https://mintkey.example.com\n" +
			"  mintkey login --profile staging --url https://mintkey.test \\\n    --client-id mk_… --client-secret-file -",
		Args: arguments(cobra.NoArgs),
	}
	flags := addAccessFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := p.accessToSave(c.Context(), flags)
		if err != nil {
			return err
		}
		at, err := p.findProfile(flags)
		if err != nil {
			return err
		}
		if _, err := p.fetchToken(c.Context(), a, tokenRequest{}); err != nil {
			return err
		}
		if err := saveProfile(at.path, a); err != nil {
			return fmt.Errorf("save the profile: %w", err)
		}
		if at.name != "" {
			if err := useProfile(at); err != nil {
				return err
			}
		}
		p.noteEnvironment()
		saved := map[string]string{"profile": at.path, "name": at.name, "url": a.url, "client_id": a.clientID}
		return p.print(saved, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s works at %s. Saved in %s.\n", a.clientID, a.url, at.path)
		})
	}
	return c
}

// accessToSave is what flags and environment say, and what is asked for at the terminal. It reads no profile.
func (p *program) accessToSave(ctx context.Context, f *accessFlags) (access, error) {
	a, err := p.given(ctx, f)
	if err != nil {
		return a, err
	}
	a.via.defaulted = a.url == ""
	missing := a.clientID == "" || a.secret.Reveal() == ""
	if _, ok := p.terminal(); missing && !ok {
		return a, usagef("a client ID and its secret are needed: set MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET, " +
			"or --client-id and --client-secret-file; at a terminal they are asked for")
	}
	if a.url == "" && missing {
		if a.url, err = p.askLine(ctx, "Server", defaultURL); err != nil {
			return a, err
		}
		a.via.defaulted = false // it was shown
	}
	a.url = cmp.Or(a.url, defaultURL)
	if err := p.checkAccess(a, &f.serverFlags); err != nil {
		return a, err
	}
	if a.clientID == "" {
		if a.clientID, err = p.askLine(ctx, "Client ID", ""); err != nil {
			return a, err
		}
	}
	if a.secret.Reveal() == "" {
		text, err := p.askSecret(ctx, "Client secret")
		if err != nil {
			return a, err
		}
		a.secret, a.source = policy.ClientSecretFromRequest(strings.TrimSpace(text)), ""
	}
	if a.clientID == "" || a.secret.Reveal() == "" {
		return a, usagef("a client ID and its secret are needed together")
	}
	return a, p.checkAccess(a, &f.serverFlags)
}

// noteEnvironment warns of variables that go before a profile.
func (p *program) noteEnvironment() {
	if p.getenv("MINTKEY_CLIENT_ID") != "" || p.getenv("MINTKEY_CLIENT_SECRET") != "" {
		p.sayf("note: MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET are set here, and go before any profile\n")
	}
}

// keepOwnSecret saves the new secret of a key that was refreshed in the profile that the command has used it from: the old one is dead, or
// about to be.
func (p *program) keepOwnSecret(used access, answer json.RawMessage) error {
	var fresh api.KeyWithSecret
	if err := json.Unmarshal(answer, &fresh); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if fresh.ClientID != used.clientID {
		return nil
	}
	if used.saved == (profileAt{}) {
		p.sayf("note: this is the access key in use: put the new secret where %s comes from\n", used.source)
		return nil
	}
	used.secret = policy.ClientSecretFromRequest(fresh.ClientSecret)
	if err := saveProfile(used.saved.path, used); err != nil {
		return fmt.Errorf("save the new secret in the profile %s, which has the old one: %w", used.saved, err)
	}
	p.sayf("The profile %s has the new secret.\n", used.saved)
	return nil
}

func (p *program) logoutCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "logout",
		Short: "Remove a saved access key from this machine",
		Long: "Remove the file that mintkey login has saved: the profile in use, or that of --profile. The access key itself goes on working:\n" +
			"mintkey keys revoke ends it.",
		Args: arguments(cobra.NoArgs),
	}
	var f accessFlags
	c.Flags().StringVar(&f.profile, "profile", "", "profile to remove, by name or path (default: the one in use)")
	c.RunE = func(*cobra.Command, []string) error {
		at, err := p.findProfile(&f)
		if err != nil {
			return err
		}
		if err := os.Remove(at.path); errors.Is(err, fs.ErrNotExist) {
			return unauthenticatedf("there is no profile %s (%s does not exist)", at, at.path)
		} else if err != nil {
			return fmt.Errorf("remove the profile: %w", err)
		}
		if err := forgetCurrent(); err != nil {
			return err
		}
		p.noteEnvironment()
		return p.print(map[string]string{"removed": at.path, "name": at.name}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "Removed %s. The access key itself still works; mintkey keys revoke ends it.\n", at.path)
		})
	}
	return c
}

func (p *program) switchCommand() *cobra.Command {
	return &cobra.Command{
		ValidArgsFunction: completing(profileNames),

		Use:   "switch NAME",
		Short: "Choose the saved profile that commands use",
		Args:  arguments(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			folder, err := profilesFolder()
			if err != nil {
				return err
			}
			at, err := namedProfile(folder, args[0])
			if err != nil {
				return err
			}
			a, err := p.readProfile(at)
			if err != nil {
				return err
			}
			if err := useProfile(at); err != nil {
				return err
			}
			p.noteEnvironment()
			return p.print(map[string]string{"name": at.name, "url": a.url, "client_id": a.clientID}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "Commands use %s: %s at %s.\n", at.name, a.clientID, a.url)
			})
		},
	}
}

func (p *program) profilesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "profiles",
		Short: "List the profiles that mintkey login has saved",
		Args:  arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			inUse, err := p.findProfile(&accessFlags{})
			if err != nil {
				return err
			}
			found, err := savedProfiles()
			if err != nil {
				return err
			}
			type row struct {
				Name     string `json:"name"`
				InUse    bool   `json:"in_use"`
				URL      string `json:"url"`
				ClientID string `json:"client_id"`
				File     string `json:"file"`
			}
			rows, cells := []row{}, [][]string{}
			for _, at := range found {
				a, err := p.readProfile(at)
				if err != nil {
					p.sayf("warning: %v\n", err)
					continue
				}
				mark := ""
				if at == inUse {
					mark = "*"
				}
				rows = append(rows, row{at.name, at == inUse, a.url, a.clientID, at.path})
				cells = append(cells, []string{mark, at.name, a.url, a.clientID})
			}
			if len(rows) == 0 && p.output == outputTable {
				p.sayf("No profiles: mintkey login saves one.\n")
				if p.forPeople() {
					return nil
				}
			}
			return p.print(map[string][]row{"items": rows}, func(w io.Writer) {
				table(w, []string{"IN USE", "NAME", "SERVER", "CLIENT ID"}, cells)
			})
		},
	}
}
