package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"mintkey/admin"
	"mintkey/configs"
	"mintkey/policy"
	"mintkey/store"
)

func (p *program) initCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "init",
		Short: "Make the first account, tenant, user and access key, directly in the store",
		Long: "Make the first account, tenant, user and an access key with every scope, those of your own APIs (scopes) among them, directly\n" +
			"in the store. At a terminal it asks for the audience of your API, for the command that it proposes; --password - asks for a\n" +
			"password for the console there.\n" +
			"It may be run again, also after a run that was cut short: what exists is kept and a new key is made, which is how a lost secret\n" +
			"is replaced. Where mail is set up, the user is notified of the key when a server runs.\n" +
			"With a bolt store, no server may be running on it.",
		Example: "  mintkey init --account acme --tenant berlin --release 24.3 \\\n    --email ada@example.com --name \"Ada Lovelace\"",
		Args:    arguments(cobra.NoArgs),
	}
	var wanted bootstrapRequest
	flags := c.Flags()
	account := flags.String("account", "", "ID or name of the account")
	tenant := flags.String("tenant", "", "ID or name of the tenant")
	release := flags.String("release", "", "product release of the tenant, such as 24.3; it never changes")
	flags.StringVar(&wanted.email, "email", "", "e-mail address of the user")
	flags.StringVar(&wanted.name, "name", "", "name of the user")
	flags.StringVar(&wanted.password, "password", "",
		"password of the user, if new; - asks for it, or reads a line of standard input, so that the shell does not remember it")
	passwordFile := flags.String("password-file", "", "file with the password of the user, if new; - for standard input")
	p.withSettings(c, func(config configs.Config, _ []string) error {
		if err := needFlags(c, "account", "tenant", "release", "email", "name"); err != nil {
			return err
		}
		if err := p.checkBootstrap(&wanted, *account, *tenant, *release); err != nil {
			return err
		}
		if err := p.initPassword(c.Context(), &wanted, *passwordFile); err != nil {
			return err
		}
		audience, err := p.askAudience(c.Context(), config)
		if err != nil {
			return err
		}
		return p.initialize(c, config, wanted, audience)
	})
	showSettings(c, "store", "log", "client-id", "scopes", "tokens-audiences", "issuer")
	return c
}

func (p *program) checkBootstrap(wanted *bootstrapRequest, account, tenant, release string) (err error) {
	if wanted.account, err = parseIDOrName(account); err != nil {
		return usagef("--account: %w", err)
	}
	if wanted.tenant, err = parseIDOrName(tenant); err != nil {
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
	return nil
}

func (p *program) initialize(c *cobra.Command, config configs.Config, wanted bootstrapRequest, audience string) (err error) {
	log := p.newLog(config.Log)
	opened, err := openStore(c.Context(), config, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := needCurrent(c.Context(), opened); err != nil {
		return err
	}
	var made initialized
	b := &bootstrap{service: newService(opened, config, log), now: p.clock().UTC()}
	if err = beginHistory(c.Context(), opened, config, p.clock()); err == nil {
		made, err = b.makeKey(c.Context(), wanted)
	}
	switch {
	case errors.Is(err, store.ErrUnconfirmed):
		return errors.New("unconfirmed: no replica of Redis confirms changes, so no access key was made, which could be lost with the primary: " +
			"run the same command again when a replica is back; it keeps what was made. If none will come back, " +
			"run mintkey store replicas forget first")
	case err != nil:
		return err
	}
	if len(b.kept) > 0 {
		p.sayf("Kept what exists: %s.\n", strings.Join(b.kept, ", "))
	}
	notes := p.initNotes(c, config, audience)
	notes.user = made.userID
	if wanted.password != "" && !b.keptUser {
		notes.email = wanted.email
	}
	return p.print(made.result(), func(w io.Writer) { made.show(w, notes) })
}

// makeKey makes what does not exist yet, and an access key with every scope: those of the administration, and those of the catalogue.
func (b *bootstrap) makeKey(ctx context.Context, wanted bootstrapRequest) (made initialized, err error) {
	place, user, err := b.ensure(ctx, wanted)
	if err == nil {
		made = initialized{accountID: place.Account.ID, tenantID: place.Tenant.ID, userID: user.ID}
		var key admin.Key
		fresh := admin.NewKey{
			UserID: user.ID, Label: "made by mintkey init",
			Scopes: slices.Concat(b.service.Catalogue, policy.AdministrationScopes()),
		}
		key, made.secret, err = b.service.CreateKey(ctx, b.actor(), place, fresh)
		made.clientID, made.unconfirmed = key.ClientID, key.Unconfirmed
	}
	switch {
	case errors.Is(err, policy.ErrKeyLimit):
		return made, fmt.Errorf("%w; if both secrets are lost, run init with another --email", err)
	case err != nil && b.made > 0:
		return made, fmt.Errorf("%w; init is half done: run the same command again, it keeps what was made", err)
	}
	return made, err
}

// parseIDOrName takes a text for an ID if it is one, else for a name and makes an ID of it: "Demo Company" becomes demo-company.
func parseIDOrName(text string) (idAndName, error) {
	if policy.CheckID(text) == nil {
		return idAndName{text, text}, nil
	}
	if err := policy.CheckName(text); err != nil {
		return idAndName{}, err
	}
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isWord(r) })
	id := strings.Join(words, "-")
	if policy.CheckID(id) != nil {
		return idAndName{}, fmt.Errorf("no ID can be made of %q; give one: %w", text, policy.ErrInvalidID)
	}
	return idAndName{id, text}, nil
}
