package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// How long a change waits for a replica to confirm it.
const confirmTimeout = 300 * time.Millisecond

// How much later the answer to that may come, from a slow Redis.
const answerTimeout = time.Second

// errUnconfirmed is inside store.ErrUnavailable when no replica has confirmed a change in time.
var errUnconfirmed = errors.New("unconfirmed: no replica has the change yet")

// commit makes the change. It returns false if a key that the change expects was different.
//
// If the server has replicas, one of them must have the change before it counts: a failover would otherwise undo, say,
// a revocation that was acknowledged. WAIT covers only what its own connection wrote, so the change has a connection of its own.
// That also keeps go-redis from sending the change again when the answer is lost: such a connection is not replaced when it breaks.
func (s *Store) commit(ctx context.Context, c change) (bool, error) {
	keys, args := c.script()
	primary, err := s.primary(ctx, keys[0])
	if err != nil {
		return false, unavailable(ctx, err)
	}
	conn := primary.Conn()
	defer func() { _ = conn.Close() }()
	saved, replicas, err := runSwap(ctx, conn, "EVALSHA", swap.Hash(), keys, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		saved, replicas, err = runSwap(ctx, conn, "EVAL", swapSource, keys, args)
	}
	if err != nil {
		return false, s.refused(ctx, err)
	}
	if !saved || replicas == 0 {
		return saved, nil
	}
	// go-redis would wait for the answer ten seconds longer than Redis for a replica.
	waiting, cancel := context.WithTimeout(ctx, confirmTimeout+answerTimeout)
	defer cancel()
	confirmed, err := conn.Wait(waiting, 1, confirmTimeout).Result()
	if err == nil && confirmed == 0 {
		err = errUnconfirmed
	}
	if err != nil {
		return false, unavailable(ctx, err)
	}
	return true, nil
}

// errMoved is inside store.ErrUnavailable when a slot has moved to another node, where the next attempt finds it.
var errMoved = errors.New("its slot has moved to another node")

// refused returns the error for a change that Redis refused, which then has done nothing. While a slot is being moved (ASK, TRYAGAIN), that
// may last, so the caller is told at once.
func (s *Store) refused(ctx context.Context, err error) error {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		cluster.ReloadState(ctx)
	}
	if _, moved := redis.IsMovedError(err); moved {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errMoved)
	}
	return unavailable(ctx, err)
}

// runSwap runs the script and counts the replicas in one round trip. A server that does not report its role counts as having none,
// and Warnings says so.
func runSwap(
	ctx context.Context, conn *redis.Conn, command, script string, keys []string, args []any,
) (saved bool, replicas int, err error) {
	words := []any{command, script, len(keys)}
	for _, key := range keys {
		words = append(words, key)
	}
	pipe := conn.Pipeline()
	reply := pipe.Do(ctx, append(words, args...)...)
	role := pipe.Do(ctx, "ROLE")
	_, _ = pipe.Exec(ctx)
	saved, err = reply.Bool()
	// A master answers "master", its offset, and a list of the replicas that are in step.
	if parts, _ := role.Slice(); len(parts) == 3 {
		list, _ := parts[2].([]any)
		replicas = len(list)
	}
	return saved, replicas, err
}
