package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"mintkey/admin"
	"mintkey/configs"
	"mintkey/policy"
	"mintkey/store"
)

func (p *program) storeResetSecondFactorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "reset-second-factor EMAIL",
		Short: "Let somebody in again who has lost all passkeys and recovery codes",
		Long: "Take away all passkeys and recovery codes of a person, whose password alone signs them in again, and end their sessions.\n" +
			"An admin does this in the console, under Users; this command is for the last admin. It is in the audit trail, and where\n" +
			"mail is set up the person is told. Stop the server first if the store is a file.",
		Example: "  mintkey store reset-second-factor ada@example.com\n" +
			"  mintkey store reset-second-factor ada@example.com --account acme \\\n    --store redis://127.0.0.1:6379/0",
		Args: arguments(cobra.ExactArgs(1)),
	}
	account := c.Flags().String("account", "", "ID of the account, if users of several have the address")
	p.withSettings(c, func(config configs.Config, args []string) error {
		user, err := p.resetSecondFactor(c.Context(), config, *account, args[0])
		if err != nil {
			return err
		}
		return p.print(map[string]string{"account_id": user.AccountID, "user_id": user.ID}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s (%s) in account %s has no second factor now: the password alone signs them in.\n",
				user.Name, user.ID, user.AccountID)
		})
	})
	showSettings(c, "store", "log")
	return c
}

func (p *program) resetSecondFactor(ctx context.Context, config configs.Config, account, email string) (user policy.User, err error) {
	log := p.newLog(config.Log)
	opened, err := openExisting(ctx, config, log, "change")
	if err != nil {
		return user, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := needCurrent(ctx, opened); err != nil {
		return user, err
	}
	if user, err = personWith(ctx, opened, account, email); err != nil {
		return user, err
	}
	in := admin.TenantContext{Account: policy.Account{ID: user.AccountID}}
	return newService(opened, config, log).ResetSecondFactor(ctx, admin.CommandActor(p.clock().UTC()), in, user.ID)
}

// personWith returns the one person with the address, in the account unless it is empty.
func personWith(ctx context.Context, users store.Users, account, email string) (policy.User, error) {
	found, err := users.UsersByEmail(ctx, email)
	if err != nil {
		return policy.User{}, err
	}
	found = slices.DeleteFunc(found, func(u policy.User) bool { return account != "" && u.AccountID != account })
	switch len(found) {
	case 0:
		return policy.User{}, fmt.Errorf("nobody has the e-mail address %s", email)
	case 1:
		return found[0], nil
	default:
		return policy.User{}, usagef("users of several accounts have the e-mail address %s: give --account", email)
	}
}
