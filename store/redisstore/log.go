package redisstore

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// LogTo sends the messages of go-redis, about lost connections and failovers, to the logger instead of standard error.
// go-redis has one logger for the whole process, so this is called once, before Open.
func LogTo(logger *slog.Logger) { redis.SetLogger(clientLog{logger}) }

type clientLog struct{ logger *slog.Logger }

// Printf is called by go-redis.
func (l clientLog) Printf(ctx context.Context, format string, args ...any) {
	l.logger.InfoContext(ctx, "redis client", "message", fmt.Sprintf(format, args...))
}
