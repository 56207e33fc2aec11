package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

func (p *program) keysCreateCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "create",
		Short: "Create an access key, and show its secret once",
		Example: "  mintkey keys create --email ada@example.com --label \"load tests\" --scopes api\n" +
			"  mintkey keys create --email ada@example.com --pick-up\n" +
			"  mintkey keys create --user ci --scopes api --expires-at 30d \\\n    --allowed-network 192.0.2.0/24 --token-lifetime 5m",
		Args: arguments(cobra.NoArgs),
	}
	user := c.Flags().String("user", "", "ID of the owner (default: the owner of the access key in use)")
	email := c.Flags().String("email", "", "e-mail address of the owner, instead of --user")
	label := c.Flags().String("label", "", "what the key is for")
	scopes := addListFlag(c, "scopes", "scopes, separated by commas or blanks (default: all of the server's catalogue)", "scope")
	pickUp := c.Flags().Bool("pick-up", false, "show no secret: the owner gets a link and generates it, once and within 72 hours")
	limits := addFenceFlags(c)
	withOutputs(c, outputCSV, outputName)
	complete(c, "user", p.memberIDs(f.access, &f.tenant))
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case *user != "" && *email != "":
			return usagef("give either --user or --email")
		case p.output == outputName && !*pickUp: // the secret would be lost
			return usagef("--output name shows the client ID alone, and the secret would be lost: use json, yaml or csv, or --pick-up, with which " +
				"the owner generates it")
		}
		limit, err := limits.change(p.clock())
		if err != nil {
			return err
		}
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		wanted := api.NewKey{
			Email: *email, Label: *label, AllowedNetworks: limits.networks, Audiences: limits.audiences,
			PickUp: *pickUp, TokenLifetimeSeconds: limit.TokenLifetimeSeconds, TokensPerMinute: limit.TokensPerMinute, ExpiresAt: limit.ExpiresAt,
		}
		if wanted.Email == "" {
			wanted.UserID = cmp.Or(*user, server.claims.UserID)
		}
		if *scopes != nil {
			wanted.Scopes = scopes
		}
		answer, err := server.callOnce(c.Context(), http.MethodPost, server.keysPath(f), rand.Text(), wanted)
		if err != nil {
			return err
		}
		if *pickUp {
			return printAnswer(p, answer, p.showPickUp)
		}
		return printAnswer(p, answer, func(w io.Writer, k api.KeyWithSecret) {
			showSecret(w, k.ClientID, k.ClientSecret)
			_, _ = fmt.Fprintf(w, "Owner: %s <%s>. Expires: %s.\n", k.UserName, k.Email, showTime(k.ExpiresAt))
			noteUnconfirmed(w, isUnconfirmed(k.Unconfirmed))
			showFences(w, k.Key)
		})
	}
	return c
}

func (p *program) keysRefreshCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "refresh CLIENT_ID",
		Short: "Give an access key a new secret and a new life, and show the secret once",
		Long: "Give an access key a new secret, and show it once. The client ID stays and the key's life starts again.\n" +
			"The old secret stops working at once, or after --overlap. There are never more than two: one that is still in an\n" +
			"overlap of before stops working in any case (see mintkey keys show).",
		Args: arguments(cobra.ExactArgs(1)),
	}
	addMineFlag(c, f)
	withOutputs(c, outputCSV)
	longest := fmt.Sprintf("how long the old secret keeps working, such as 12h, at most %dd", policy.MaxOverlap/day)
	overlap := addDurationFlag(c, "overlap", 0, time.Second, longest)
	c.RunE = func(c *cobra.Command, args []string) error {
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		wanted := api.Refresh{OverlapSeconds: int64(*overlap / time.Second)}
		answer, err := server.callOnce(c.Context(), http.MethodPost, server.keysPath(f, args[0], "refresh"), rand.Text(), wanted)
		if err != nil {
			return err
		}
		err = printAnswer(p, answer, func(w io.Writer, k api.KeyWithSecret) {
			showSecret(w, k.ClientID, k.ClientSecret)
			if k.PreviousSecretEndsAt != nil {
				_, _ = fmt.Fprintf(w, "The old secret works until %s.\n", showTime(k.PreviousSecretEndsAt))
			}
			if len(k.DroppedScopes) > 0 {
				_, _ = fmt.Fprintf(w, "Lost, because the owner's role no longer allows them: %s.\n", strings.Join(k.DroppedScopes, " "))
			}
			_, _ = fmt.Fprintf(w, "Expires: %s.\n", showTime(k.ExpiresAt))
			noteUnconfirmed(w, isUnconfirmed(k.Unconfirmed))
		})
		return errors.Join(err, p.keepOwnSecret(server.access, answer))
	}
	return c
}

// showPickUp shows the link that the owner needs, who may have it by mail as well.
func (p *program) showPickUp(w io.Writer, k api.KeyForPickUp) {
	_, _ = fmt.Fprintf(w, "Client ID  %s\nLink       %s\n\n", k.ClientID, k.URL)
	_, _ = fmt.Fprintf(w, "%s <%s> signs in there and generates the secret, once, until %s. Nobody else sees it.\n",
		k.UserName, k.Email, p.when(&k.ExpiresAt))
	noteUnconfirmed(w, isUnconfirmed(k.Unconfirmed))
	showFences(w, k.Key)
}

func isUnconfirmed(made api.Unconfirmed) bool { return made.Confirmed != nil && !*made.Confirmed }

// noteUnconfirmed warns of a secret that could still be lost.
func noteUnconfirmed(w io.Writer, unconfirmed bool) {
	if unconfirmed {
		_, _ = fmt.Fprintln(w, wrap("Not confirmed: the secret works, but no replica of the server's store has it. "+
			"It is lost if the primary fails before one has. Look later whether it still works."))
	}
}
