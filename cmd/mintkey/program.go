package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/cmd/mintkey/hangup"
)

// program has what all commands share: the outside world, and the flags of the root command.
type program struct {
	environ []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	clock   func() time.Time
	output  string // a form of output

	toldOpen map[string]bool // files of secrets that were warned of
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "mintkey",
		Short: "OAuth 2.0 access keys and tokens for machines",
		Long: "Mintkey is an OAuth 2.0 authorization server for machines: an access key (a client ID and a secret) becomes a\n" +
			"short-lived token, which API gateways check without a call to the server.\n\n" +
			"New here? Try: mintkey demo",
		Version:       thisBuild().Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          runGroup,
		// Cobra sets the default only where it makes the suggestion itself.
		SuggestionsMinimumDistance: 2,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if err := p.checkOutput(c); err != nil {
				return err
			}
			if c.Annotations[isServer] == "" {
				hangup.Ends()
			}
			return nil
		},
	}
	root.SetVersionTemplate("mintkey {{.Version}}\n")
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	p.addOutputFlag(root)
	root.AddGroup(&cobra.Group{ID: groupServer, Title: "Run a server:"}, &cobra.Group{ID: groupClient, Title: "Use a server:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupServer, p.demoCommand(), p.initCommand(), p.serveCommand(), p.backupCommand(), p.restoreCommand(), p.storeCommand(),
		p.configCommand(), p.healthCommand())
	add(groupClient, p.loginCommand(), p.logoutCommand(), p.whoamiCommand(), p.switchCommand(), p.profilesCommand(), p.statusCommand(),
		p.tokenCommand(), p.execCommand(), p.keysCommand(), p.accountsCommand(), p.tenantsCommand(), p.usersCommand(), p.membersCommand(),
		p.policyCommand(), p.auditCommand(), p.calendarCommand(), p.trafficCommand(), p.passwordLoginsCommand(), p.signingKeysCommand(),
		p.apiCommand())
	root.AddCommand(p.secretCommand(), p.versionCommand(), p.manCommand(), exitCodesCommand())
	strictly(root)
	wrapHelp(root)
	return root
}

const (
	groupServer = "server"
	groupClient = "client"
)

// isServer annotates a command that SIGHUP does not end.
const isServer = "server"

// isGroup annotates a command that only groups others.
const isGroup = "group"

// group makes a command that only groups other commands.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: runGroup, SuggestionsMinimumDistance: 2,
		Annotations: map[string]string{isGroup: isGroup},
	}
	c.AddCommand(commands...)
	return c
}

// runGroup runs when no subcommand matches: cobra itself would print the help and report success.
func runGroup(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 && !c.HasParent():
		return c.Help()
	case len(args) == 0:
		return usagef("%s needs a command", c.CommandPath())
	}
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("unknown command %q for %s; did you mean %s?", args[0], c.CommandPath(), strings.Join(near, " or "))
	}
	return usagef("unknown command %q for %s", args[0], c.CommandPath())
}

// arguments turns the failure of a check into a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// needFlags returns a usage error that names the flags that are empty.
func needFlags(c *cobra.Command, names ...string) error {
	var missing []string
	for _, name := range names {
		if c.Flag(name).Value.String() == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return usagef("needed and not given: %s", strings.Join(missing, ", "))
	}
	return nil
}

// getenv returns the last value of a variable, as a shell would.
func (p *program) getenv(name string) string {
	for _, entry := range slices.Backward(p.environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// sayf prints a message for people on standard error.
func (p *program) sayf(format string, args ...any) {
	_, _ = io.WriteString(p.stderr, forTerminal(fmt.Sprintf(format, args...)))
}
