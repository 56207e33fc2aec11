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

// commit makes the change. It returns false if a key that the change expects was different. It is store.ErrUnconfirmed if the change is
// made and no replica has confirmed it in time; inside store.ConfirmOnce that is noted instead.
//
// If the server has or had replicas, one of them must have the change before it counts: a failover would otherwise undo, say,
// a revocation that was acknowledged. WAIT covers only what its own connection wrote, so the change has a connection of its own.
// That also keeps go-redis from sending the change again when the answer is lost: such a connection is not replaced when it breaks.
func (s *Store) commit(ctx context.Context, c change) (bool, error) {
	keys, args := c.script()
	primary, err := s.primary(ctx, keys[0])
	if err != nil {
		return false, unavailable(ctx, err)
	}
	done, err := s.run(ctx, primary, keys, args)
	if err != nil {
		s.saving.note(whyNoChanges(err))
		return false, s.refused(ctx, err)
	}
	s.saving.note("")
	if !done.saved {
		return false, nil
	}
	s.tellQueued(ctx, c)
	confirmed, err := s.confirmed(ctx, done)
	switch {
	case err == nil && confirmed:
		return true, nil
	case ctx.Err() != nil:
		return false, unavailable(ctx, ctx.Err())
	case store.LeaveUnconfirmed(ctx):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%w (%s)", store.ErrUnconfirmed, err.Error())
	default:
		return false, store.ErrUnconfirmed
	}
}

// ran is what became of a script.
type ran struct {
	saved  bool
	listed int           // replicas in step
	noted  time.Duration // see replicas.go; only outside a Cluster
	waited int64         // replicas that have the change
	err    error         // of the wait
	master string        // the address of the master
}

// run runs the script and waits for a replica, unless there is none or another change of the operation is unconfirmed. No other connection
// may be asked for meanwhile: if all changes did that, they would wait for each other.
func (s *Store) run(ctx context.Context, primary *redis.Client, keys []string, args []any) (ran, error) {
	conn := primary.Conn()
	defer func() { _ = conn.Close() }()
	done, err := s.swap(ctx, conn, "EVALSHA", swap.Hash(), keys, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		done, err = s.swap(ctx, conn, "EVAL", swapSource, keys, args)
	}
	done.master = primary.Options().Addr
	if err != nil || !done.saved || done.listed == 0 || store.LeftUnconfirmed(ctx) {
		return done, err
	}
	if !s.isCluster() && done.noted != replicasSeen {
		_ = conn.Set(ctx, replicasKey(""), "", 0).Err() // if it fails, the next change does it
	}
	// go-redis would wait for the answer ten seconds longer than Redis for a replica.
	waiting, cancel := context.WithTimeout(ctx, confirmTimeout+answerTimeout)
	defer cancel()
	done.waited, done.err = conn.Wait(waiting, 1, confirmTimeout).Result()
	return done, nil
}

// confirmed says whether a replica has the change, or whether there is none to wait for.
func (s *Store) confirmed(ctx context.Context, done ran) (bool, error) {
	switch {
	case store.LeftUnconfirmed(ctx):
		return true, nil
	case done.listed == 0:
		return s.withoutReplicas(ctx, done)
	}
	s.keepNoted(ctx, done.master)
	return done.waited > 0, done.err
}

// Confirm implements store.Replication. A replica that has a write has all that came before it on the same master, so this writes
// something and takes it away again.
func (s *Store) Confirm(ctx context.Context, tenantID string) error {
	fences := []string{slot(revocationsKey).key("confirm")}
	if tenantID != "" {
		if !s.isCluster() {
			fences = nil // the tenant's is on the same master
		}
		fences = append(fences, ofTenant(tenantID).key("confirm"))
	}
	for _, fence := range fences {
		var c change
		c.evenIfFull("PERSIST", fence)
		c.do("SET", fence, "")
		c.drop(fence)
		if err := untilSaved(ctx, func() (bool, error) { return s.commit(ctx, c) }); err != nil {
			return err
		}
	}
	return nil
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

// swap runs the script, counts the replicas that are in step, and reads the note about them, in one round trip. A server that does not
// report its role counts as listing none, and Warnings says so.
func (s *Store) swap(ctx context.Context, conn *redis.Conn, command, script string, keys []string, args []any) (done ran, err error) {
	words := []any{command, script, len(keys)}
	for _, key := range keys {
		words = append(words, key)
	}
	pipe := conn.Pipeline()
	reply := pipe.Do(ctx, append(words, args...)...)
	role := pipe.Do(ctx, "ROLE")
	var noted *redis.DurationCmd
	if !s.isCluster() {
		noted = pipe.PTTL(ctx, replicasKey(""))
	}
	_, _ = pipe.Exec(ctx)
	if noted != nil {
		done.noted = noted.Val()
		if noted.Err() != nil {
			done.noted = replicasSeen // not known: better refused than lost
		}
	}
	done.saved, err = reply.Bool()
	done.listed = len(replicasIn(role))
	return done, err
}
