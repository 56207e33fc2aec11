package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func (p *program) loginCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "login",
		Short: "Save the server and the access key that the other commands use",
		Long: "Try an access key at its server and, if it works, save both in a file that only you can read (0600).\n" +
			"The secret comes from --client-secret-file or MINTKEY_CLIENT_SECRET: a flag would show it in process lists.",
		Example: "  mintkey login --url https://mintkey.example.com --client-id mk_… --client-secret-file -",
		Args:    arguments(cobra.NoArgs),
	}
	flags := addAccessFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := p.resolve(flags)
		if err != nil {
			return err
		}
		if _, err := p.fetchToken(c.Context(), a, tokenRequest{}); err != nil {
			return err
		}
		path, err := p.profilePath(flags)
		if err != nil {
			return err
		}
		if err := saveProfile(path, a); err != nil {
			return fmt.Errorf("save the profile: %w", err)
		}
		saved := map[string]string{"profile": path, "url": a.url, "client_id": a.clientID}
		return p.print(saved, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s works at %s. Saved in %s.\n", a.clientID, a.url, path)
		})
	}
	return c
}

func saveProfile(path string, a access) error {
	return saveJSON(path, profile{a.url, a.clientID, a.secret.Reveal()})
}

// saveJSON replaces the file atomically and durably, by one that nobody else could read at any time.
func saveJSON(path string, record any) error {
	content, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".profile-*") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if _, err := file.Write(append(content, '\n')); err != nil {
		_ = file.Close()
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return settle(file.Name(), path)
}
