package redisstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// meter measures commands and pipelines once Measure was called.
type meter struct{ told atomic.Pointer[store.Meter] }

// Measure implements store.Measured. A command is one operation, and so is a pipeline.
func (s *Store) Measure(m store.Meter) { s.watch.meter.told.Store(&m) }

// began is the zero time where nothing is measured.
func (m *meter) began() time.Time {
	if told := m.told.Load(); told != nil {
		return (*told).Began()
	}
	return time.Time{}
}

func (m *meter) ended(ctx context.Context, began time.Time, err error, cmds ...redis.Cmder) {
	told := m.told.Load()
	if told == nil || began.IsZero() {
		return
	}
	operation := store.Read
	for _, cmd := range cmds {
		if !reads(cmd.Name()) {
			operation = store.Change
		}
	}
	(*told).Ended(operation, began, err != nil && ctx.Err() == nil && isFailure(err))
}

// reads says whether a command only reads. All scripts count as changes: those that only read are of the start and of the command line.
func reads(command string) bool {
	switch command {
	case "get", "mget", "hget", "hgetall", "lrange", "smembers", "zrange", "zrevrange", "zmscore", "zscore", "zscan", "zlexcount", "xrange",
		"xrevrange", "pttl", "time", "ping", "role", "info", "config", "scan", "cluster":
		return true
	}
	return false
}

// isFailure says whether an error is of Redis or of the way to it. Most replies that are errors are a part of how commands work: that a
// script is not known yet, or that a slot of a Cluster is elsewhere.
func isFailure(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return true
	}
	return whyNoChanges(reply) != "" || redis.HasErrorPrefix(reply, "LOADING") || redis.HasErrorPrefix(reply, "CLUSTERDOWN") ||
		redis.HasErrorPrefix(reply, "MASTERDOWN") || redis.HasErrorPrefix(reply, "NOPERM")
}
