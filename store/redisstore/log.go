package redisstore

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// LogTo sends the messages of go-redis, about lost connections and failovers, to the logger, at the level, instead of standard error.
// go-redis has one logger for the whole process, so this is called once, before Open.
func LogTo(logger *slog.Logger, level slog.Level) { redis.SetLogger(clientLog{logger, level}) }

type clientLog struct {
	logger *slog.Logger
	level  slog.Level
}

// Printf is called by go-redis.
func (l clientLog) Printf(ctx context.Context, format string, args ...any) {
	l.logger.Log(ctx, l.level, "redis client", "message", fmt.Sprintf(format, args...))
}
