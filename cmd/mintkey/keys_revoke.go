package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

func (p *program) keysRevokeCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "revoke CLIENT_ID… | FILTER [--dry-run]",
		Short: "Revoke access keys: they get no more tokens",
		Long: "Revoke access keys: they get no more tokens, and gateways refuse within seconds those that they have. Nothing undoes it.\n" +
			"Name them, or give a filter of --user, --mark and --created-before: then all keys of the tenant that fit each part of it are\n" +
			"revoked. Look with --dry-run first.\n" +
			"At a terminal it says what ends, and asks; --yes does not.\n" +
			"A filter leaves the access key in use alone, and those that administer with more authority than yours; they are listed.",
		Example: "  mintkey keys revoke --mark unused --created-before 2026-01-01 --dry-run",
	}
	addMineFlag(c, f)
	user := c.Flags().String("user", "", "those of this user: ID or e-mail address")
	marks := c.Flags().StringSlice("mark", nil, "those with one of these marks, separated by commas: unused, old, stale")
	before := c.Flags().String("created-before", "", "those created before this day (2026-01-30) or time (2026-01-30T12:00:00Z)")
	asks := p.addYesFlag(c)
	withOutputs(c, outputName)
	complete(c, "user", p.memberIDs(f.access, &f.tenant))
	complete(c, "mark", fixed(policy.MarkUnused, policy.MarkOld, policy.MarkStale))
	dryRun := c.Flags().Bool("dry-run", false, "revoke nothing, and list what would be revoked")
	c.RunE = func(c *cobra.Command, args []string) error {
		filter := api.RevokeKeys{UserID: *user}
		for _, mark := range *marks {
			filter.Marks = append(filter.Marks, policy.Mark(mark))
		}
		var err error
		if filter.CreatedBefore, err = createdBefore(*before); err != nil {
			return err
		}
		filtered := filter.UserID != "" || len(filter.Marks) > 0 || !filter.CreatedBefore.IsZero()
		switch {
		case filtered == (len(args) > 0):
			return usagef("give either client IDs, or a filter: --user, --mark or --created-before")
		case filtered && f.mine:
			return usagef("--mine goes with client IDs")
		case *dryRun && !filtered:
			return usagef("--dry-run goes with --user, --mark or --created-before")
		}
		server, err := p.connect(c.Context(), f.access)
		if err != nil {
			return err
		}
		if filter.UserID, err = server.userID(c.Context(), "", filter.UserID); err != nil {
			return err
		}
		if filtered {
			return p.revokeFitting(c.Context(), server, f, filter, *dryRun, asks)
		}
		if err := asks.beforeRevoking(c.Context(), server, f, args); err != nil {
			return err
		}
		return p.revokeNamed(c.Context(), server, f, args)
	}
	return c
}

func (p *program) revokeNamed(ctx context.Context, server *client, f *keysFlags, clientIDs []string) error {
	bar := p.progress("revoking", int64(len(clientIDs)))
	defer bar.done()
	for i, clientID := range clientIDs {
		bar.add(1)
		if _, err := server.call(ctx, http.MethodDelete, server.keysPath(f, clientID), nil); err != nil {
			if len(clientIDs) == 1 {
				return err
			}
			return fmt.Errorf("%s: %w; revoked before it: %d of %d", clientID, err, i, len(clientIDs))
		}
	}
	if p.output == outputName {
		return p.write(forTerminal(strings.Join(clientIDs, "\n") + "\n"))
	}
	return p.print(map[string][]string{"revoked": clientIDs}, func(w io.Writer) {
		for _, clientID := range clientIDs {
			_, _ = fmt.Fprintf(w, "Revoked %s.\n", clientID)
		}
	})
}

func (p *program) revokeFitting(
	ctx context.Context, server *client, f *keysFlags, filter api.RevokeKeys, dryRun bool, asks *asker,
) error {
	if asks.asks() && !dryRun {
		would, err := p.callRevoke(ctx, server, f, filter, true)
		if err != nil {
			return err
		}
		if len(would.Keys) > 0 {
			if err := asks.confirmEnd(ctx, server, would.Keys, f.tenant); err != nil {
				return err
			}
		}
	}
	whole, err := p.callRevoke(ctx, server, f, filter, dryRun)
	if err == nil && len(whole.Keys)+len(whole.Refused) == 0 && filter.UserID != "" {
		err = server.checkUser(ctx, f.tenant, filter.UserID)
	}
	if err != nil {
		return err
	}
	if p.output == outputName {
		var ids strings.Builder
		for _, key := range whole.Keys {
			ids.WriteString(key.ClientID + "\n")
		}
		return p.write(forTerminal(ids.String()))
	}
	return p.print(whole, func(w io.Writer) {
		done := "Revoked"
		if dryRun {
			done = "Would revoke"
		}
		for _, key := range whole.Keys {
			_, _ = fmt.Fprintf(w, "%s %s of %s <%s>: created %s, last access %s.\n", done, key.ClientID, key.UserName, key.Email,
				showTime(&key.CreatedAt), showTime(key.LastAccessAt))
		}
		for _, key := range whole.Refused {
			_, _ = fmt.Fprintf(w, "Left alone: %s of %s: %s.\n", key.ClientID, key.UserID, key.Detail)
		}
		_, _ = fmt.Fprintf(w, "%s: %d. Left alone: %d.\n", done, len(whole.Keys), len(whole.Refused))
	})
}

// callRevoke asks again while the server says that there are more. What is refused is in every answer.
func (p *program) callRevoke(
	ctx context.Context, server *client, f *keysFlags, filter api.RevokeKeys, dryRun bool,
) (whole api.RevokedKeys, err error) {
	whole = api.RevokedKeys{DryRun: dryRun, Keys: []api.Key{}}
	bar := p.progress("revoking", -1)
	defer bar.done()
	for more := true; more; {
		answer, err := server.call(ctx, http.MethodPost, server.keysPath(f, "revoke")+fmt.Sprintf("?dry_run=%t", dryRun), filter)
		if err != nil {
			if len(whole.Keys) == 0 {
				return whole, err
			}
			return whole, fmt.Errorf("%w; revoked before: %d", err, len(whole.Keys))
		}
		var part api.RevokedKeys
		if err := json.Unmarshal(answer, &part); err != nil {
			return whole, fmt.Errorf("read the answer: %w", err)
		}
		whole.Keys, whole.Refused, more = append(whole.Keys, part.Keys...), part.Refused, part.More
		bar.add(len(part.Keys))
	}
	return whole, nil
}

// createdBefore is the zero time for an empty text.
func createdBefore(text string) (time.Time, error) {
	at, ok := dayOrTime(text)
	if !ok && text != "" {
		return at, usagef("%.40q is neither a day (2026-01-30) nor a time (2026-01-30T12:00:00Z)", text)
	}
	return at, nil
}

// dayOrTime reads a day, which begins at midnight UTC, or a time.
func dayOrTime(text string) (at time.Time, ok bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
