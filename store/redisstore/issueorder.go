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

// An order of the access keys of a tenant is a sorted set: for each key a time, the user and the client ID. The time is when its current
// secret was issued, or its own end. A space sorts before every character of an ID, so that "ada" comes before "ada-1" whatever follows.

func datedMember(at time.Time, userID, clientID string) string {
	return instant(at) + " " + userID + " " + clientID
}

func parseDatedMember(tenantID, member string) (store.DatedKey, error) {
	at, err := parseInstant(member)
	if err != nil {
		return store.DatedKey{}, err
	}
	userID, clientID, ok := strings.Cut(strings.TrimPrefix(member[instantSize:], " "), " ")
	if !ok {
		return store.DatedKey{}, fmt.Errorf("decode a dated key: %q", member)
	}
	return store.DatedKey{At: at, TenantID: tenantID, UserID: userID, ClientID: clientID}, nil
}

// datedMembers lists the members of an order for a membership. Keys whose time is absent are not in it.
func datedMembers(m policy.Membership, timeOf func(policy.AccessKey) (time.Time, bool)) (members []string) {
	if !m.Exists() {
		return nil
	}
	for _, key := range m.Keys {
		if at, ok := timeOf(key); ok {
			members = append(members, datedMember(at, m.UserID, key.ClientID))
		}
	}
	return members
}

// reorder makes the change update the orders of keys.
func (c *change) reorder(before, after policy.Membership) {
	issued := func(k policy.AccessKey) (time.Time, bool) { return k.SecretIssuedAt(), true }
	end := func(k policy.AccessKey) (time.Time, bool) { return k.ExpiresAt, !k.ExpiresAt.IsZero() }
	c.replace(issuesKey(after.TenantID), datedMembers(before, issued), datedMembers(after, issued))
	c.replace(endsKey(after.TenantID), datedMembers(before, end), datedMembers(after, end))
}

func (c *change) replace(set string, was, is []string) {
	for _, member := range missing(was, is) {
		c.unindex(set, member)
	}
	for _, member := range missing(is, was) {
		c.index(set, member)
	}
}

// tenantsAtOnce, times the limit, bounds what one round trip of keysInOrder returns.
const tenantsAtOnce = 100

// KeysByIssue implements store.KeyOrders.
func (s *Store) KeysByIssue(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return s.keysInOrder(ctx, issuesKey, accountID, after, until, limit)
}

// keysAtOnce bounds what one round trip of EachKeyByIssue returns, of which Redis does nothing else meanwhile.
const keysAtOnce = 5000

// EachKeyByIssue implements store.KeyOrders. It asks each tenant once, and again those that have more.
func (s *Store) EachKeyByIssue(
	ctx context.Context, accountID string, from, until time.Time, visit func(store.DatedKey) error,
) error {
	tenants, err := s.client.ZRange(ctx, accountTenantsKey(accountID), 0, -1).Result()
	if err != nil {
		return unavailable(ctx, err)
	}
	for some := range slices.Chunk(tenants, tenantsAtOnce) {
		begin := map[string]string{}
		for len(some) > 0 {
			if some, err = s.someKeysByIssue(ctx, some, begin, from, until, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// someKeysByIssue visits keys of the tenants and returns those that have more; begin is where each goes on.
func (s *Store) someKeysByIssue(
	ctx context.Context, tenants []string, begin map[string]string, from, until time.Time, visit func(store.DatedKey) error,
) (more []string, err error) {
	limit := keysAtOnce / len(tenants)
	pipe := s.client.Pipeline()
	replies := make([]*redis.StringSliceCmd, len(tenants))
	for i, tenantID := range tenants {
		replies[i] = pipe.ZRangeArgs(ctx, redis.ZRangeArgs{
			Key: issuesKey(tenantID), ByLex: true, Start: cmp.Or(begin[tenantID], atInstant(from)), Stop: afterInstant(until), Count: int64(limit),
		})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(ctx, err)
	}
	for i, reply := range replies {
		members := reply.Val()
		for _, member := range members {
			key, err := parseDatedMember(tenants[i], member)
			if err != nil {
				return nil, err
			}
			if err := visit(key); err != nil {
				return nil, err
			}
		}
		if len(members) == limit {
			begin[tenants[i]] = "(" + members[limit-1]
			more = append(more, tenants[i])
		}
	}
	return more, nil
}

// KeysByEnd implements store.KeyOrders.
func (s *Store) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return s.keysInOrder(ctx, endsKey, accountID, after, until, limit)
}

// keysInOrder reads every tenant of the account.
func (s *Store) keysInOrder(
	ctx context.Context, order func(tenantID string) string, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	tenants, err := s.client.ZRange(ctx, accountTenantsKey(accountID), 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	var keys []store.DatedKey
	for some := range slices.Chunk(tenants, tenantsAtOnce) {
		pipe := s.client.Pipeline()
		replies := make([]*redis.StringSliceCmd, len(some))
		for i, tenantID := range some {
			replies[i] = pipe.ZRangeArgs(ctx, redis.ZRangeArgs{
				Key: order(tenantID), ByLex: true, Start: datedAfter(after, tenantID), Stop: afterInstant(until), Count: int64(limit),
			})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, unavailable(ctx, err)
		}
		for i, reply := range replies {
			for _, member := range reply.Val() {
				key, err := parseDatedMember(some[i], member)
				if err != nil {
					return nil, err
				}
				keys = append(keys, key)
			}
		}
		slices.SortFunc(keys, compareDated)
		if len(keys) >= limit {
			keys = keys[:limit]
			until = keys[limit-1].At // nothing later can come among them
		}
	}
	return keys, nil
}

// datedAfter is where the keys after the given one begin in an order of a tenant.
func datedAfter(after store.DatedKey, tenantID string) string {
	switch {
	case after == store.DatedKey{}:
		return "-"
	case tenantID < after.TenantID:
		return afterInstant(after.At)
	case tenantID > after.TenantID:
		return atInstant(after.At)
	default:
		return "(" + datedMember(after.At, after.UserID, after.ClientID)
	}
}

func compareDated(a, b store.DatedKey) int {
	return cmp.Or(
		a.At.Compare(b.At),
		cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.ClientID, b.ClientID),
	)
}
