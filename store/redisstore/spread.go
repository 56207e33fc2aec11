package redisstore

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// spread is where an index keeps what belongs to a digest: the sorted set has the entries of all digests that begin with the same 16 bits,
// each a digest and what it leads to. A key for each digest would take three times the memory.
type spread struct{ key, prefix string }

// spreadDigits is how many hexadecimal digits of a digest are in the name of the set. There are 65,536 sets, which Redis packs as long as
// they have 128 entries: up to some eight million in all.
const spreadDigits = 4

func spreadAt(name, digest string) spread {
	digits := min(spreadDigits, len(digest))
	return spread{key: name + digest[:digits], prefix: digest[digits:] + " "}
}

func (p spread) member(id string) string { return p.prefix + id }

// idsIn lists what the digest leads to, in order, from after an ID on.
func (s *Store) idsIn(ctx context.Context, p spread, after string, limit int) ([]string, error) {
	start := "[" + p.prefix
	if after != "" {
		start = "(" + p.member(after)
	}
	const next = "!" // comes after the space
	members, err := s.client.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: p.key, ByLex: true, Start: start, Stop: "(" + p.prefix[:len(p.prefix)-1] + next, Count: int64(limit),
	}).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	ids := make([]string, len(members))
	for i, member := range members {
		ids[i] = member[len(p.prefix):]
	}
	return ids, nil
}

// allIn lists what the digest leads to, also by the index that builds before the first release kept in a key for each digest. Nothing adds
// to those any more, and what they name is looked up like the rest.
func (s *Store) allIn(ctx context.Context, p spread, before string) (all []string, err error) {
	lists := []func(after string) ([]string, error){
		func(after string) ([]string, error) { return s.idsIn(ctx, p, after, batch) },
		func(after string) ([]string, error) { return s.idsAfter(ctx, before, after, batch) },
	}
	for _, list := range lists {
		for after := ""; ; {
			ids, err := list(after)
			if err != nil {
				return nil, err
			}
			if all = append(all, ids...); len(ids) < batch {
				break
			}
			after = ids[len(ids)-1]
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
