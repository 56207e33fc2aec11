package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/policy"
	"mintkey/store"
)

func (p *program) initCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "init",
		Short: "Make the first account, tenant, user and access key, straight in the store",
		Long: "Make the first account, tenant, user and an access key with every administration scope, straight in the store.\n" +
			"It may be run again: what exists is kept and a new key is made, which is how a lost secret is replaced.\n" +
			"With a bolt store, no server may be running on it.",
		Example: "  mintkey init --account acme --tenant berlin --release 24.3 --email ada@example.com --name \"Ada Lovelace\"",
		Args:    arguments(cobra.NoArgs),
	}
	var wanted founding
	flags := c.Flags()
	account := flags.String("account", "", "ID or name of the account")
	tenant := flags.String("tenant", "", "ID or name of the tenant")
	release := flags.String("release", "", "product release of the tenant, such as 24.3; it never changes")
	flags.StringVar(&wanted.email, "email", "", "e-mail address of the user")
	flags.StringVar(&wanted.name, "name", "", "name of the user")
	flags.StringVar(&wanted.password, "password", "", "password of the user, if new; - reads a line of standard input")
	settings := p.settings(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "account", "tenant", "release", "email", "name"); err != nil {
			return err
		}
		if err := p.checkFounding(&wanted, *account, *tenant, *release); err != nil {
			return err
		}
		config, err := settings()
		if err != nil {
			return err
		}
		return p.initialize(c, config, wanted)
	}
	return c
}

func (p *program) checkFounding(wanted *founding, account, tenant, release string) (err error) {
	if wanted.account, err = nameFrom(account); err != nil {
		return usagef("--account: %w", err)
	}
	if wanted.tenant, err = nameFrom(tenant); err != nil {
		return usagef("--tenant: %w", err)
	}
	if wanted.release, err = policy.ParseRelease(release); err != nil {
		return usagef("--release: %w", err)
	}
	if err := policy.CheckEmail(wanted.email); err != nil {
		return usagef("--email: %w", err)
	}
	if err := policy.CheckName(wanted.name); err != nil {
		return usagef("--name: %w", err)
	}
	if wanted.password == "" {
		return nil
	}
	if wanted.password, err = p.readPassword(wanted.password); err != nil {
		return err
	}
	if err := policy.CheckPassword(wanted.password); err != nil {
		return usagef("--password: %w", err)
	}
	return nil
}

func (p *program) initialize(c *cobra.Command, config configs.Config, wanted founding) (err error) {
	opened, err := openStore(c.Context(), config, p.newLog(config.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := needCurrent(c.Context(), opened); err != nil {
		return err
	}
	if err := store.BeginHistory(c.Context(), opened, config.Tokens.Lifetime, p.clock()); err != nil {
		return err
	}
	f := founder{opened, p.clock().UTC(), config.ClientID.Prefix, config.ClientID.Suffix}
	made, err := f.found(c.Context(), wanted)
	if errors.Is(err, policy.ErrKeyLimit) {
		return fmt.Errorf("%w; if both secrets are lost, run init with another --email", err)
	}
	if err != nil {
		return err
	}
	result := map[string]string{
		"account_id": made.accountID, "tenant_id": made.tenantID, "user_id": made.userID,
		"client_id": made.clientID, "client_secret": made.secret.Reveal(),
	}
	return p.print(result, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "Account        %s\nTenant         %s\nUser           %s\n", made.accountID, made.tenantID, made.userID)
		showSecret(w, made.clientID, made.secret.Reveal())
		_, _ = fmt.Fprintf(w, "\nNext:\n  mintkey serve\nand in another terminal:\n  export MINTKEY_URL=%s MINTKEY_CLIENT_ID=%s\n"+
			"  export MINTKEY_CLIENT_SECRET=…\n  mintkey token --decode\n  mintkey keys list\n", config.IssuerAt(config.Listen), made.clientID)
	})
}
