package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/policy"
)

// initialized has the IDs of the records that init made or found, and the new access key.
type initialized struct {
	accountID, tenantID, userID, clientID string
	secret                                policy.ClientSecret
	unconfirmed                           bool // no replica of the store has the key yet
}

func (i initialized) result() map[string]any {
	result := map[string]any{
		"account_id": i.accountID, "tenant_id": i.tenantID, "user_id": i.userID,
		"client_id": i.clientID, "client_secret": i.secret.Reveal(),
	}
	if i.unconfirmed {
		result["confirmed"] = false // as in the API
	}
	return result
}

// initNotes is what init says beside what it made: how to go on.
type initNotes struct {
	store    string // with secrets redacted
	serve    string // the next command
	audience string // of the API; empty if none is known
	issuer   string
	console  string // its address
	user     string // an ID
	email    string // of who can sign in there, empty if init set no password
}

func (i initialized) show(w io.Writer, n initNotes) {
	_, _ = fmt.Fprintf(w, "Store          %s\nAccount        %s\nTenant         %s\nUser           %s\n",
		n.store, i.accountID, i.tenantID, i.userID)
	showSecret(w, i.clientID, i.secret.Reveal())
	noteUnconfirmed(w, i.unconfirmed)
	if n.audience == "" {
		_, _ = fmt.Fprintf(w, "\n%s\n", wrap("Name the API that your tokens are for, as below. Without it they are for Mintkey itself too, "+
			"so that whoever runs the API could use them to administer Mintkey."))
	}
	_, _ = fmt.Fprintf(w, "\nNext:\n  %s\nand in another terminal:\n  export MINTKEY_URL=%s MINTKEY_CLIENT_ID=%s\n"+
		"  export MINTKEY_CLIENT_SECRET=…\n", n.serve, n.issuer, i.clientID)
	about := ""
	if n.audience != "" {
		about = "    # for " + n.audience
	}
	_, _ = fmt.Fprintf(w, "  mintkey token --decode%s\n  mintkey keys list\n", about)
	if n.email == "" {
		_, _ = fmt.Fprintf(w, "\nThe console is at %s, for users with a password. While the server is up,\n"+
			"this sets that of the user:\n  mintkey users edit %s --password -\n", n.console, shellWord(n.user))
		return
	}
	_, _ = fmt.Fprintf(w, "\nOr sign in to the console at %s as %s, with the password.\n", n.console, n.email)
}

// initNotes are for a store that was opened by the settings. audience was asked for; it is empty if the settings have one.
func (p *program) initNotes(c *cobra.Command, config configs.Config, audience string) initNotes {
	known := audiencesOf(config)
	n := initNotes{
		store: config.Store.String(), serve: "mintkey serve" + p.whereUsed(c, config), issuer: known.Issuer, console: consoleAddress(config),
	}
	if path, isFile := config.BoltPath(); isFile {
		if whole, err := filepath.Abs(path); err == nil {
			n.store = "bolt://" + whole
		}
	}
	switch {
	case len(known.APIs) > 0:
		n.audience = known.APIs[0]
		if c.Flag("tokens-audiences").Changed {
			n.serve += " --tokens-audiences " + shellWord(strings.Join(config.Tokens.Audiences, ","))
		}
	case audience != "":
		n.audience, n.serve = audience, n.serve+" --tokens-audiences "+shellWord(audience)
	default:
		n.serve += " --tokens-audiences https://api.example.com"
	}
	return n
}

// whereUsed is whereGiven, and the same where the environment said it, for a shell that has another one. A URL with secrets in it is
// left to the environment.
func (p *program) whereUsed(c *cobra.Command, config configs.Config) string {
	given := whereGiven(c)
	if file := p.getenv("MINTKEY_CONFIG"); file != "" && c.Flag("config").Value.String() == "" {
		given = " --config " + shellWord(file) + given
	}
	if c.Flag("store").Changed || c.Flag("store-file").Changed {
		return given
	}
	if file := p.getenv("MINTKEY_STORE_FILE"); file != "" {
		return given + " --store-file " + shellWord(file)
	}
	if url := p.getenv("MINTKEY_STORE"); url != "" && config.Store.String() == url {
		return given + " --store " + shellWord(url)
	}
	return given
}

// consoleAddress is where people reach the console of a server with the settings.
func consoleAddress(config configs.Config) string {
	base := config.ConsoleURL
	if base == "" && config.AdminListen != "" {
		private := config
		private.Issuer = ""
		base = private.IssuerAt(config.AdminListen)
	}
	return cmp.Or(base, config.IssuerAt(config.Listen)) + "/console"
}
