package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/policy"
	"mintkey/server/api"
)

const defaultWithin = "14d"

// needsRefresh is what the command says with -o json.
type needsRefresh struct {
	ClientID     string     `json:"client_id"`
	NeedsRefresh bool       `json:"needs_refresh"`
	ExpiresAt    *time.Time `json:"expires_at"` // null: never, or so far away that the server has not said
}

func (p *program) keysNeedsRefreshCommand(f *keysFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "needs-refresh [CLIENT_ID]",
		Short: "Tell by the exit code whether an access key expires soon",
		Long: "Tell by the exit code whether an access key expires within --within, for scripts and timers: 0 if it does and needs a\n" +
			"refresh, 1 if it does not, 2 or more if that can't be told.\n\n" +
			"Without a client ID it is about the access key in use, which needs no scope for that, and must not have expired yet. The\n" +
			fmt.Sprintf("server tells such a key of its end %d days before, so --within is at most that. For another access\n", policy.SoonDays) +
			"key, scope keys:read is needed, or with --mine scope self.",
		Example: "  mintkey keys needs-refresh --within 14d &&\n    mintkey keys rotate --self --out key.json",
		Args:    arguments(cobra.MaximumNArgs(1)),
	}
	addMineFlag(c, f)
	within := c.Flags().String("within", defaultWithin, "how soon is soon, such as 14d or 36h")
	c.RunE = func(c *cobra.Command, args []string) error {
		limit, err := configs.ParseDuration(*within)
		switch {
		case err != nil:
			return usagef("--within: %v", err)
		case limit < 0:
			return usagef("--within is not negative")
		case len(args) == 0 && limit > policy.SoonDays*policy.Day:
			return usagef("--within is at most %dd for the access key in use; for more, name it and have scope keys:read", policy.SoonDays)
		}
		found, now, err := p.findExpiry(c.Context(), f, args)
		if err != nil {
			return notAnswered(err)
		}
		found.NeedsRefresh = found.ExpiresAt != nil && found.ExpiresAt.Sub(now) <= limit
		if err := p.print(found, found.show); err != nil {
			return notAnswered(err)
		}
		if !found.NeedsRefresh {
			return &codedError{exitFailed, errors.New("")} // the answer was given on standard output
		}
		return nil
	}
	return c
}

// findExpiry returns when the access key ends, and what time it is for the server, whose clock decides about that.
func (p *program) findExpiry(ctx context.Context, f *keysFlags, args []string) (found needsRefresh, now time.Time, err error) {
	if len(args) == 0 {
		a, err := p.resolve(ctx, f.access)
		if err != nil {
			return found, now, err
		}
		answer, _, err := a.exchangeKey(ctx, tokenRequest{})
		if err != nil {
			return found, now, err
		}
		now, err = issuedAt(answer.AccessToken)
		return needsRefresh{ClientID: a.clientID, ExpiresAt: answer.keyEnd()}, now, err
	}
	server, err := p.connect(ctx, f.access)
	if err != nil {
		return found, now, err
	}
	key, err := server.oneKey(ctx, f, args[0])
	if err != nil {
		return found, now, err
	}
	now, err = issuedAt(server.token)
	return needsRefresh{ClientID: key.ClientID, ExpiresAt: key.ExpiresAt}, now, err
}

// issuedAt is the claim iat of a token, RFC 9068 section 2.2.
func issuedAt(token string) (time.Time, error) {
	_, payload, err := decodeToken(token)
	if err != nil {
		return time.Time{}, err
	}
	var claims struct {
		IssuedAt int64 `json:"iat"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return time.Time{}, fmt.Errorf("read the token's claims: %w", err)
	}
	return time.Unix(claims.IssuedAt, 0), nil
}

// oneKey asks for an access key. There is no path for one of one's own: it is in the list.
func (c *client) oneKey(ctx context.Context, f *keysFlags, clientID string) (key api.Key, err error) {
	if !f.mine {
		answer, err := c.call(ctx, http.MethodGet, c.keysPath(f, clientID), nil)
		if err == nil {
			err = json.Unmarshal(answer, &key)
		}
		return key, err
	}
	items, err := c.list(ctx, c.keysPath(f), url.Values{}, 0)
	if err != nil {
		return key, err
	}
	for _, item := range items {
		if err := json.Unmarshal(item, &key); err != nil {
			return key, err
		}
		if key.ClientID == clientID {
			return key, nil
		}
	}
	return api.Key{}, &refused{status: http.StatusNotFound, code: "not_found", words: "None of your access keys has this client ID."}
}

func (n needsRefresh) show(w io.Writer) {
	end := "expires at " + showTime(n.ExpiresAt)
	if n.ExpiresAt == nil {
		end = "does not expire soon"
	}
	verdict := "no refresh is needed"
	if n.NeedsRefresh {
		verdict = "it needs a refresh"
	}
	_, _ = fmt.Fprintf(w, "%s %s: %s.\n", n.ClientID, end, verdict)
}

// notAnswered keeps a failure apart from the answer "no", whose exit code is 1.
func notAnswered(err error) error {
	if exitCode(err) == exitFailed {
		return &uncheckedError{err}
	}
	return err
}

// keyEnd is when the access key expires, of which the server tells from 30 days before (R25); else nil.
func (r tokenResponse) keyEnd() *time.Time {
	at, err := time.Parse(time.RFC3339, r.keyExpires)
	if err != nil {
		return nil
	}
	return &at
}
