package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

// identity is what whoami says.
type identity struct {
	URL       string        `json:"url"`
	Source    string        `json:"source"` // where the access key is from
	ClientID  string        `json:"client_id"`
	UserID    string        `json:"user_id"`
	UserName  string        `json:"user_name,omitempty"`
	Email     string        `json:"email,omitempty"`
	TenantID  string        `json:"tenant_id"`
	AccountID string        `json:"account_id"`
	Roles     []policy.Role `json:"roles,omitempty"` // of the user, as far as the access key may read them
	Scopes    []string      `json:"scopes"`
	ExpiresAt *time.Time    `json:"expires_at"` // null if never, or not known
	// ExpiryKnown is false if the access key may not read its own end, and that is more than 30 days away.
	ExpiryKnown bool `json:"expiry_known"`
}

func (p *program) whoamiCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "whoami",
		Short: "Show the access key in use: whose it is, where it comes from, what it may do and when it expires",
		Long: "Show the access key in use: whose it is, where it comes from, what it may do and when it expires. What the key has no scope\n" +
			"to read is left out: its end needs self or keys:read while it is more than 30 days away, the user's roles need users:write.",
		Args: arguments(cobra.NoArgs),
	}
	flags := addAccessFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		server, err := p.connect(c.Context(), flags)
		if err != nil {
			return err
		}
		i, err := server.identity(c.Context())
		if err != nil {
			return err
		}
		return p.print(i, i.show)
	}
	return c
}

// identity asks for no more than the scopes allow.
func (c *client) identity(ctx context.Context) (identity, error) {
	i := identity{
		URL: c.access.url, Source: c.access.source, ClientID: c.claims.ClientID, UserID: c.claims.UserID, TenantID: c.claims.TenantID,
		AccountID: c.claims.AccountID, Scopes: strings.Fields(c.claims.Scope),
	}
	if at, err := time.Parse(time.RFC3339, c.keyExpires); err == nil {
		i.ExpiresAt, i.ExpiryKnown = &at, true
	}
	key, err := c.ownKey(ctx, i.Scopes)
	if err != nil && exitCode(err) != exitNotFound { // the administration API may be on a listener of its own
		return i, err
	}
	if key != nil {
		i.ExpiresAt, i.ExpiryKnown, i.UserName, i.Email = key.ExpiresAt, true, key.UserName, key.Email
	}
	administration := i.Scopes
	switch {
	case key != nil:
		i.Scopes = key.Scopes
	default: // a token for the APIs has the others
		if answer, _, err := c.access.exchangeKey(ctx, tokenRequest{}); err == nil {
			i.Scopes = append(slices.Clone(administration), missing(strings.Fields(answer.Scope), administration)...)
		}
	}
	if slices.Contains(administration, policy.ScopeUsersWrite) {
		answer, err := c.call(ctx, http.MethodGet, c.accountPath("", "users", i.UserID), nil)
		var user api.User
		if err == nil && json.Unmarshal(answer, &user) == nil {
			i.Roles = user.Roles
		}
	}
	return i, nil
}

// missing are those that the others don't have.
func missing(all, others []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(others, one) })
}

// ownKey is the access key of the token; nil if its scopes don't let it be read.
func (c *client) ownKey(ctx context.Context, scopes []string) (*api.Key, error) {
	switch {
	case slices.Contains(scopes, policy.ScopeKeysRead):
		answer, err := c.call(ctx, http.MethodGet, path("admin", "v1", "tenants", c.claims.TenantID, "keys", c.claims.ClientID), nil)
		if err != nil {
			return nil, err
		}
		var key api.Key
		if err := json.Unmarshal(answer, &key); err != nil {
			return nil, fmt.Errorf("read the access key: %w", err)
		}
		return &key, nil
	case slices.Contains(scopes, policy.ScopeSelf):
		answer, err := c.call(ctx, http.MethodGet, "/me/v1/keys", nil)
		if err != nil {
			return nil, err
		}
		var mine api.List[api.Key]
		if err := json.Unmarshal(answer, &mine); err != nil {
			return nil, fmt.Errorf("read the access keys: %w", err)
		}
		for _, key := range mine.Items {
			if key.ClientID == c.claims.ClientID {
				return &key, nil
			}
		}
	}
	return nil, nil //nolint:nilnil // not to be read is no error
}

func (i identity) show(w io.Writer) {
	user := i.UserID
	if i.UserName != "" {
		user += fmt.Sprintf(" (%s <%s>)", i.UserName, i.Email)
	}
	expires := "not within 30 days"
	if i.ExpiryKnown {
		expires = showTime(i.ExpiresAt)
	}
	facts := [][2]string{
		{"Server", i.URL},
		{"Access key", i.ClientID + ", from " + i.Source},
		{"User", user},
		{"Tenant", i.TenantID},
		{"Account", i.AccountID},
		{"Roles", words(i.Roles)},
		{"Scopes", words(i.Scopes)},
		{"Expires", expires},
	}
	showFacts(w, facts)
}

// showFacts writes names and values in two columns, without those that have no value.
func showFacts(w io.Writer, facts [][2]string) {
	for _, fact := range facts {
		if fact[1] != "" {
			_, _ = fmt.Fprintf(w, "%-13s  %s\n", fact[0], forCell(fact[1]))
		}
	}
}
