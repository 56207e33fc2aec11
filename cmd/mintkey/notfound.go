package main

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"mintkey/server/api"
)

// thingAt names what a path of the API is about, such as "access key mk_… of tenant berlin"; empty if that is nothing in particular.
func thingAt(path string) string {
	kinds := map[string]string{
		"accounts": "account", "tenants": "tenant", "users": "user", "members": "member", "keys": "access key",
	}
	parts := strings.Split(path, "/")
	var things []string
	for i := 1; i < len(parts); i++ {
		id, err := url.PathUnescape(parts[i])
		kind := kinds[parts[i-1]]
		if kind == "" || err != nil || kind == "access key" && id == "revoke" {
			continue
		}
		things = append(things, kind+" "+id)
	}
	slices.Reverse(things)
	return strings.Join(things, " of ")
}

// checkUser is an error if there is no such user, of whom an empty list says nothing. Whoever may not read users may still read the members
// of the tenant.
func (c *client) checkUser(ctx context.Context, tenant, user string) error {
	_, err := readOne[api.User](ctx, c, c.accountPath("", "users", user))
	if !isRefusal(err, "insufficient_scope") {
		return err
	}
	members, err := readAll[api.Member](ctx, c, c.membersPath(tenant), url.Values{})
	if err != nil || slices.ContainsFunc(members, func(m api.Member) bool { return m.UserID == user }) {
		return err
	}
	return notFoundf("user %s is no member of the tenant, so no access key there is theirs", user)
}
