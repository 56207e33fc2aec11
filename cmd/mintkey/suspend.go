package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

func addReasonFlag(c *cobra.Command) *string {
	return c.Flags().String("reason", "", "why, for the audit trail and for those whom it concerns")
}

func (p *program) keysSuspendCommand(f *keysFlags) *cobra.Command {
	return p.keysSuspension(f, &cobra.Command{
		Use:   "suspend CLIENT_ID",
		Short: "Stop an access key until it is resumed",
		Long: "Stop an access key until it is resumed. It gets no tokens, and those that it made are dead everywhere within\n" +
			"seconds. It still counts as one of the owner's two, and its life goes on.",
		Example: "  mintkey keys suspend mk_4fQ2vXo1bN8sT6wLz0KdRe \\\n    --reason \"the secret is in a build log\"",
	}, "suspend", "Suspended %s. Tokens that it made stop working within seconds.\n")
}

func (p *program) keysResumeCommand(f *keysFlags) *cobra.Command {
	return p.keysSuspension(f, &cobra.Command{
		Use:   "resume CLIENT_ID",
		Short: "Make a suspended access key work again, with the secret that it had",
		Long: "Make a suspended access key work again, with the secret that it had. Tokens from before stay dead.\n" +
			"It takes the authority of whoever suspended it.",
	}, "resume", "Resumed %s. Its secret works again; tokens from before do not.\n")
}

func (p *program) keysSuspension(f *keysFlags, c *cobra.Command, call, done string) *cobra.Command {
	c.Args = arguments(cobra.ExactArgs(1))
	withOutputs(c, outputCSV, outputName)
	addMineFlag(c, f)
	reason := addReasonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		wanted := api.SuspensionRequest{Reason: *reason}
		answer, err := server.call(c.Context(), http.MethodPost, server.keysPath(f, args[0], call), wanted)
		if err != nil {
			return err
		}
		return printAnswer(p, answer, func(w io.Writer, k api.Key) { _, _ = fmt.Fprintf(w, done, k.ClientID) })
	}
	return c
}

func (p *program) tenantsSuspendCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "suspend TENANT",
		Short: "Stop all access keys of a tenant at once, until it is resumed",
		Long: "Stop all access keys of a tenant at once, until it is resumed. All tokens and sessions of its members there end,\n" +
			"everywhere, within seconds. At a terminal it says what stops, and asks.",
		Example: "  mintkey tenants suspend berlin --reason \"incident 7\"",
		Args:    arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	reason, asks := addReasonFlag(c), p.addYesFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		if err := asks.beforeSuspending(c.Context(), server, args[0]); err != nil {
			return err
		}
		change := api.TenantChange{Suspended: new(true), SuspendedReason: *reason}
		return p.changeTenant(c, server, args[0], change, func(w io.Writer, t api.Tenant) {
			what := "access keys"
			if t.PasswordGrant {
				what += " and its users' passwords"
			}
			_, _ = fmt.Fprintf(w, "Suspended tenant %s. Its %s get no tokens,\nand those that they got stop working within seconds.\n", t.ID, what)
		})
	}
	return c
}

func (p *program) tenantsResumeCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "resume TENANT",
		Short: "Make a suspended tenant work again",
		Long: "Make a suspended tenant work again. Its access keys do too, except those that were suspended on their own.\n" +
			"Tokens and sessions from before stay dead. It takes the authority of whoever suspended it.",
		Args: arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	addReasonFlag(c) // as suspend has one: to say that there is none here
	c.Flag("reason").Hidden = true
	c.RunE = func(c *cobra.Command, args []string) error {
		if c.Flag("reason").Changed {
			return usagef("--reason is for mintkey tenants suspend: no reason is kept of why a tenant works again")
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		return p.changeTenant(c, server, args[0], api.TenantChange{Suspended: new(false)}, func(w io.Writer, t api.Tenant) {
			_, _ = fmt.Fprintf(w, "Resumed tenant %s.\n", t.ID)
		})
	}
	return c
}

func (p *program) changeTenant(
	c *cobra.Command, server *client, tenant string, change api.TenantChange, show func(io.Writer, api.Tenant),
) error {
	answer, err := server.call(c.Context(), http.MethodPatch, server.tenantPath(tenant), change)
	if err != nil {
		return err
	}
	return printAnswer(p, answer, show)
}
