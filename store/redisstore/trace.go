package redisstore

import (
	"fmt"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"go.opentelemetry.io/otel/trace"
)

// Trace makes the store add its commands to traces: their names, and nothing of their arguments, which are records. Call it once, before
// the store is used by several goroutines.
func (s *Store) Trace(provider trace.TracerProvider) error {
	err := redisotel.InstrumentTracing(s.client, redisotel.WithTracerProvider(provider), redisotel.WithDBStatement(false),
		redisotel.WithCallerEnabled(false))
	if err != nil {
		return fmt.Errorf("trace Redis: %w", err)
	}
	return nil
}
