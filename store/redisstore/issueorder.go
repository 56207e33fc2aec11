package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/policy"
	"mintkey/store"
)

// The issue order of a tenant is a sorted set: for each access key the time at which its current secret was issued,
// the user and the client ID. A space sorts before every character of an ID, so that "ada" comes before "ada-1" whatever follows.

func issueMember(issuedAt time.Time, userID, clientID string) string {
	return instant(issuedAt) + " " + userID + " " + clientID
}

func parseIssueMember(tenantID, member string) (store.IssuedKey, error) {
	issuedAt, err := parseInstant(member)
	if err != nil {
		return store.IssuedKey{}, err
	}
	userID, clientID, ok := strings.Cut(strings.TrimPrefix(member[instantSize:], " "), " ")
	if !ok {
		return store.IssuedKey{}, fmt.Errorf("decode an issued key: %q", member)
	}
	return store.IssuedKey{IssuedAt: issuedAt, TenantID: tenantID, UserID: userID, ClientID: clientID}, nil
}

// issueMembers lists the members of the issue order for a membership.
func issueMembers(m policy.Membership) []string {
	if !m.Exists() {
		return nil
	}
	members := make([]string, len(m.Keys))
	for i, key := range m.Keys {
		members[i] = issueMember(key.SecretIssuedAt(), m.UserID, key.ClientID)
	}
	return members
}

// reissue makes the change update the issue order.
func (c *change) reissue(before, after policy.Membership) {
	was, is := issueMembers(before), issueMembers(after)
	for _, member := range missing(was, is) {
		c.unindex(issuesKey(after.TenantID), member)
	}
	for _, member := range missing(is, was) {
		c.index(issuesKey(after.TenantID), member)
	}
}

// tenantsAtOnce, times the limit, bounds what one round trip of KeysByIssue returns.
const tenantsAtOnce = 100

// KeysByIssue implements store.IssueOrder. It reads every tenant of the account.
func (s *Store) KeysByIssue(
	ctx context.Context, accountID string, after store.IssuedKey, until time.Time, limit int,
) ([]store.IssuedKey, error) {
	tenants, err := s.client.ZRange(ctx, accountTenantsKey(accountID), 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	var keys []store.IssuedKey
	for some := range slices.Chunk(tenants, tenantsAtOnce) {
		pipe := s.client.Pipeline()
		replies := make([]*redis.StringSliceCmd, len(some))
		for i, tenantID := range some {
			replies[i] = pipe.ZRangeArgs(ctx, redis.ZRangeArgs{
				Key: issuesKey(tenantID), ByLex: true, Start: issuesAfter(after, tenantID), Stop: afterInstant(until), Count: int64(limit),
			})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, unavailable(ctx, err)
		}
		for i, reply := range replies {
			for _, member := range reply.Val() {
				key, err := parseIssueMember(some[i], member)
				if err != nil {
					return nil, err
				}
				keys = append(keys, key)
			}
		}
		slices.SortFunc(keys, compareIssued)
		if len(keys) >= limit {
			keys = keys[:limit]
			until = keys[limit-1].IssuedAt // nothing later can come among them
		}
	}
	return keys, nil
}

// issuesAfter is where the keys after the given one begin in the issue order of a tenant.
func issuesAfter(after store.IssuedKey, tenantID string) string {
	switch {
	case after == store.IssuedKey{}:
		return "-"
	case tenantID < after.TenantID:
		return afterInstant(after.IssuedAt)
	case tenantID > after.TenantID:
		return atInstant(after.IssuedAt)
	default:
		return "(" + issueMember(after.IssuedAt, after.UserID, after.ClientID)
	}
}

func compareIssued(a, b store.IssuedKey) int {
	return cmp.Or(
		a.IssuedAt.Compare(b.IssuedAt),
		cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.ClientID, b.ClientID),
	)
}
