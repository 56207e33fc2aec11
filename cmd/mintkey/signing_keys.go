package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func (p *program) signingKeysCommand() *cobra.Command {
	c := group("signing-keys", "List and rotate the keys that sign tokens (operators)")
	access := addAccessFlags(c)
	c.AddCommand(p.signingKeysListCommand(access), p.signingKeysRotateCommand(access), p.signingKeysExportCommand(access))
	return c
}

// signingKeyColumns are those of signing keys.
func signingKeyColumns() []column[api.SigningKey] {
	return []column[api.SigningKey]{
		{name: "kid"},
		{name: "algorithm", of: func(k api.SigningKey) any { return k.Algorithm }},
		{name: "state", of: func(k api.SigningKey) any { return k.State }},
		{name: "created_at", head: "created", of: func(k api.SigningKey) any { return k.CreatedAt }, rank: 1},
		{name: "active_from", head: "signs from", of: func(k api.SigningKey) any { return k.ActiveFrom }, rank: 2},
		{name: "public_pem", more: true, ours: true},
	}
}

func (p *program) signingKeysListCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the signing keys and their states", Args: arguments(cobra.NoArgs)}
	out := addListing(p, c, "signing keys", signingKeyColumns()...)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		keys, err := server.signingKeys(c.Context(), http.MethodGet, "/admin/v1/signing-keys", nil)
		if err != nil {
			return err
		}
		return out.print(keys)
	}
	return c
}

func (p *program) signingKeysRotateCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Begin a rotation: new signing keys are published now and sign ten minutes later",
		Long: "Begin a rotation: new signing keys are published now and sign ten minutes later. Tokens that are out go on working.\n" +
			"With --emergency all tokens of the server are invalid at once; at a terminal that is asked first.",
		Args: arguments(cobra.NoArgs),
	}
	emergency := c.Flags().Bool("emergency", false, "a private key may have leaked: sign with new keys at once, and invalidate all tokens")
	asks := p.addYesFlag(c)
	out := addListing(p, c, "signing keys", signingKeyColumns()...)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		if *emergency {
			const words = "Rotate in an emergency? Every token of this server, of all accounts, is invalid at once. Programs fetch new ones;\n" +
				"gateways refuse until they have read the new signing keys, and those that have keys as PEM files until they get new files."
			if err := asks.confirm(c.Context(), words, "emergency"); err != nil {
				return err
			}
		}
		keys, err := server.signingKeys(c.Context(), http.MethodPost, "/admin/v1/signing-keys/rotate", api.Rotation{Emergency: *emergency})
		if err != nil {
			return err
		}
		if *emergency {
			p.sayf("All tokens from before are invalid.\n")
		}
		return out.print(keys)
	}
	return c
}

func (p *program) signingKeysExportCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "export",
		Short:   "Print the public signing keys as PEM, for gateways that read no JWKS",
		Long:    "Print the public signing keys as PEM, for gateways that read no JWKS; with -o json and the like, as the API has them.",
		Example: "  mintkey signing-keys export --algorithm ES256 --state active > mintkey.pem",
		Args:    arguments(cobra.NoArgs),
	}
	algorithms, states := []string{"ES256", "RS256", "EdDSA", "Ed25519"}, []string{"next", "active", "retired"}
	algorithm := c.Flags().String("algorithm", "", "only this one: "+strings.Join(algorithms, ", "))
	state := c.Flags().String("state", "", "only those that are "+strings.Join(states, ", "))
	complete(c, "algorithm", fixed(algorithms...))
	complete(c, "state", fixed(states...))
	out := addListing(p, c, "signing keys", signingKeyColumns()...)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := oneOf("--algorithm", *algorithm, algorithms); err != nil {
			return err
		}
		if err := oneOf("--state", *state, states); err != nil {
			return err
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		items, err := server.signingKeys(c.Context(), http.MethodGet, "/admin/v1/signing-keys", nil)
		if err != nil {
			return err
		}
		items = slices.DeleteFunc(items, func(item json.RawMessage) bool {
			key := decodeSigningKey(item)
			return *algorithm != "" && key.Algorithm != *algorithm || *state != "" && key.State != *state
		})
		if len(items) == 0 {
			return notFoundf("no signing key fits --algorithm %q and --state %q", *algorithm, *state)
		}
		if p.output != outputTable {
			return out.print(items)
		}
		for _, item := range items {
			if err := p.write(forTerminal(decodeSigningKey(item).PublicPEM)); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

// oneOf refuses a value that is not among those allowed; empty is not given.
func oneOf(name, value string, allowed []string) error {
	if value != "" && !slices.Contains(allowed, value) {
		return usagef("%s %q: must be one of %s", name, value, strings.Join(allowed, ", "))
	}
	return nil
}

func (c *client) signingKeys(ctx context.Context, method, path string, body any) ([]json.RawMessage, error) {
	answer, err := c.call(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	var found api.List[json.RawMessage]
	if err := json.Unmarshal(answer, &found); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return found.Items, nil
}

func decodeSigningKey(item json.RawMessage) (key api.SigningKey) {
	_ = json.Unmarshal(item, &key) // the server has encoded it
	return key
}
