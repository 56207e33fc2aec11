package redisstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"
)

// warnings are about what a proof needs: see doubt.go. A Sentinel that is away is no matter of settings.
func (s *sentinels) warnings(ctx context.Context) (warnings []string) {
	refused := redis.Error(nil)
	if err := s.primary.Info(ctx, "replication").Err(); errors.As(err, &refused) {
		warnings = append(warnings, fmt.Sprintf("The Redis user may not use INFO (%v): while no Sentinel can be reached, there are no tokens, "+
			"even if the replicas are in step. Allow it in the ACL: docs/redis.md has the whole line.", err))
	}
	s.mu.Lock()
	clients := maps.Clone(s.clients)
	s.mu.Unlock()
	for _, address := range slices.Sorted(maps.Keys(clients)) {
		said, err := s.ask(ctx, clients[address])
		switch {
		case errors.As(err, &refused):
			warnings = append(warnings, fmt.Sprintf("The Sentinel %s does not tell of its master and the other Sentinels (%v): while no other "+
				"Sentinel does and a replica is away, there are no tokens. Allow SENTINEL MASTER and SENTINEL SENTINELS.", address, err))
		case err == nil && said.downAfter < leastDownAfter:
			warnings = append(warnings, fmt.Sprintf("The Sentinel %s replaces a primary that it has not heard for %v: sooner than a server that is "+
				"cut off with it stops giving tokens. Set down-after-milliseconds to 5000 or more.", address, said.downAfter))
		}
	}
	return warnings
}
