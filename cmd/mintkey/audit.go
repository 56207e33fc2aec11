package main

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/policy"
	"mintkey/server/api"
)

const sinceHelp = "not before: a time such as 2026-01-31T00:00:00Z, a day, or how long ago, such as 24h or 7d"

func (p *program) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "audit",
		Short:   "List who changed what in the account, newest first",
		Example: "  mintkey audit --since 7d --action key.created\n  mintkey audit --limit 0 -o csv > audit.csv",
		Args:    arguments(cobra.NoArgs),
	}
	access, account := addAccessFlags(c), addAccountFlag(c)
	c.AddCommand(p.auditFollowCommand(access, account), p.auditVerifyCommand())
	limit := c.Flags().Int("limit", 100, "at most this many; 0 is all")
	since := c.Flags().String("since", "", sinceHelp)
	filters := map[string]*string{
		"actor":     c.Flags().String("actor", "", "done by this user, by ID or e-mail address, or with the access key of this client ID"),
		"action":    c.Flags().String("action", "", "this action, such as key.created"),
		"client_id": c.Flags().String("key", "", "about the access key with this client ID"),
		"tenant_id": c.Flags().String("tenant", "", "in this tenant"),
	}
	complete(c, "account", p.accountIDs(access))
	complete(c, "action", fixed(policy.Actions()...))
	complete(c, "actor", p.userIDs(access, account))
	complete(c, "tenant", p.tenantIDs(access, account))
	names := map[string]string{} // of users by ID
	out := addListing(p, c, "events", eventColumns(names)...)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *limit < 0 {
			return usagef("--limit %d: must not be negative; 0 is all", *limit)
		}
		if err := oneOf("--action", *filters["action"], texts(policy.Actions())); err != nil {
			return err
		}
		query := url.Values{}
		for name, value := range filters {
			if *value != "" {
				query.Set(name, *value)
			}
		}
		if *since != "" {
			at, err := parseSince(*since, p.clock())
			if err != nil {
				return err
			}
			query.Set("since", at.UTC().Format(time.RFC3339))
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		if actor, err := server.userID(c.Context(), *account, *filters["actor"]); err != nil {
			return err
		} else if actor != "" {
			query.Set("actor", actor)
		}
		items, err := server.list(c.Context(), server.accountPath(*account, "audit"), query, *limit)
		if err != nil {
			return err
		}
		if tenant := query.Get("tenant_id"); len(items) == 0 && tenant != "" {
			if _, err := readOne[api.Tenant](c.Context(), server, server.tenantPath(tenant)); isRefusal(err, "not_found") {
				return err
			}
		}
		if p.forPeople() {
			server.nameActors(c.Context(), *account, items, names)
		}
		return out.print(items)
	}
	return c
}

// texts are values of a type of their own as text.
func texts[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = string(value)
	}
	return list
}

func parseSince(text string, now time.Time) (time.Time, error) {
	if ago, err := configs.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	at, ok := dayOrTime(text)
	if !ok {
		return at, usagef("--since %q: must be a time such as 2026-01-31T00:00:00Z, a day such as 2026-01-31, or how long ago, such as 7d", text)
	}
	return at, nil
}

// eventColumns are those of events; a user without a name is shown by ID.
func eventColumns(names map[string]string) []column[policy.Event] {
	return []column[policy.Event]{
		{name: "at", head: "time", of: func(e policy.Event) any { return e.At }},
		{name: "action", of: func(e policy.Event) any { return string(e.Action) }},
		{name: "actor", head: "by", of: func(e policy.Event) any { return nameOr(names, e.Actor.UserID) }, cut: true},
		{name: "from", of: func(e policy.Event) any { return from(e) }, rank: 3, cut: true},
		{name: "tenant_id", head: "tenant", of: func(e policy.Event) any { return e.TenantID }, rank: 1},
		{name: "user_id", head: "user", of: func(e policy.Event) any { return nameOr(names, e.UserID) }, rank: 4, cut: true},
		{name: "client_id", head: "key", of: func(e policy.Event) any { return e.ClientID }, rank: 2},
		{name: "details", of: func(e policy.Event) any { return details(e.Details) }, rank: 5, cut: true},
	}
}

func from(e policy.Event) string { return strings.TrimSpace(e.Actor.Via + " " + e.Actor.Address) }

func nameOr(names map[string]string, id string) string {
	if name, ok := names[id]; ok {
		return name
	}
	return id
}

// eventRow is an event in a line.
func eventRow(e policy.Event) []string {
	at := e.At.UTC().Format("2006-01-02 15:04:05 UTC")
	return []string{at, string(e.Action), cmp.Or(e.Actor.UserID, "-"), from(e), e.TenantID, e.UserID, e.ClientID, details(e.Details)}
}

// details are quoted where somebody chose the text so that it would look like others.
func details(values map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if value == "" || strings.ContainsAny(value, " =\"") {
			value = strconv.Quote(value)
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, " ")
}

// mostNames is how many users are asked for by name; a trail is rarely the work of more.
const mostNames = 50

// nameActors finds the names of the users in events. Whoever may read the trail need not see users, and those of other accounts can't be
// seen at all: these stay without.
func (c *client) nameActors(ctx context.Context, account string, events []json.RawMessage, names map[string]string) {
	asked := map[string]bool{"": true}
	for _, item := range events {
		var event policy.Event
		if json.Unmarshal(item, &event) != nil {
			return
		}
		for _, id := range []string{event.Actor.UserID, event.UserID} {
			if asked[id] || len(asked) > mostNames {
				continue
			}
			asked[id] = true
			user, err := readOne[api.User](ctx, c, c.accountPath(account, "users", id))
			switch {
			case err == nil:
				names[id] = user.Name
			case !isRefusal(err, "not_found"):
				return
			}
		}
	}
}
