package redisstore

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// LogTo sends what go-redis has to say of lost connections and of failovers, which it otherwise writes to standard error, to the
// logger. go-redis has one logger for the whole process, so this is called once, before Open.
func LogTo(logger *slog.Logger) { redis.SetLogger(clientLog{logger}) }

type clientLog struct{ logger *slog.Logger }

// Printf is called by go-redis.
func (l clientLog) Printf(ctx context.Context, format string, args ...any) {
	l.logger.InfoContext(ctx, "redis client", "message", fmt.Sprintf(format, args...))
}
