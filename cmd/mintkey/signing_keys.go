package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) signingKeysCommand() *cobra.Command {
	c := group("signing-keys", "List and rotate the keys that sign tokens (operators)")
	access := addAccessFlags(c)
	c.AddCommand(p.signingKeysListCommand(access), p.signingKeysRotateCommand(access), p.signingKeysExportCommand(access))
	return c
}

func (p *program) signingKeysListCommand(access *accessFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the signing keys and their states",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			keys, err := p.signingKeys(c, access, http.MethodGet, "/admin/v1/signing-keys", nil)
			if err != nil {
				return err
			}
			return p.printSigningKeys(keys)
		},
	}
}

func (p *program) signingKeysRotateCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Begin a rotation: new signing keys are published now and sign ten minutes later",
		Args:  arguments(cobra.NoArgs),
	}
	emergency := c.Flags().Bool("emergency", false, "a private key may have leaked: sign with new keys at once, and invalidate all tokens")
	c.RunE = func(c *cobra.Command, _ []string) error {
		keys, err := p.signingKeys(c, access, http.MethodPost, "/admin/v1/signing-keys/rotate", api.Rotation{Emergency: *emergency})
		if err != nil {
			return err
		}
		return p.printSigningKeys(keys)
	}
	return c
}

func (p *program) signingKeysExportCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "export",
		Short:   "Print the public signing keys as PEM, for gateways that read no JWKS",
		Example: "  mintkey signing-keys export --algorithm ES256 --state active > mintkey.pem",
		Args:    arguments(cobra.NoArgs),
	}
	algorithm := c.Flags().String("algorithm", "", "only this one: ES256, RS256, EdDSA or Ed25519")
	state := c.Flags().String("state", "", "only those that are next, active or retired")
	c.RunE = func(c *cobra.Command, _ []string) error {
		keys, err := p.signingKeys(c, access, http.MethodGet, "/admin/v1/signing-keys", nil)
		if err != nil {
			return err
		}
		found := 0
		for _, key := range decodeSigningKeys(keys) {
			if *algorithm != "" && key.Algorithm != *algorithm || *state != "" && key.State != *state {
				continue
			}
			found++
			if _, err := io.WriteString(p.stdout, forTerminal(key.PublicPEM)); err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
		}
		if found == 0 {
			return fmt.Errorf("no signing key is %s %s", *algorithm, *state)
		}
		return nil
	}
	return c
}

func (p *program) signingKeys(c *cobra.Command, access *accessFlags, method, path string, body any) ([]json.RawMessage, error) {
	server, err := p.connect(c.Context(), access)
	if err != nil {
		return nil, err
	}
	answer, err := server.call(c.Context(), method, path, body)
	if err != nil {
		return nil, err
	}
	var found api.List[json.RawMessage]
	if err := json.Unmarshal(answer, &found); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return found.Items, nil
}

func decodeSigningKeys(items []json.RawMessage) []api.SigningKey {
	keys := make([]api.SigningKey, len(items))
	for i, item := range items {
		_ = json.Unmarshal(item, &keys[i]) // the server has encoded it
	}
	return keys
}

func (p *program) printSigningKeys(items []json.RawMessage) error {
	return printItems(p, items, []string{"KID", "ALGORITHM", "STATE", "CREATED", "SIGNS FROM"}, func(k api.SigningKey) []string {
		return []string{k.KID, k.Algorithm, k.State, showTime(&k.CreatedAt), showTime(&k.ActiveFrom)}
	})
}
