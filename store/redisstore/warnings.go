package redisstore

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Warnings implements store.Store. It asks every master of a Cluster, and each replica.
func (s *Store) Warnings(ctx context.Context) ([]string, error) {
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		warnings := warningsOf(ctx, s.client, false)
		if s.watch.sentinels != nil {
			warnings = append(warnings, s.watch.sentinels.warnings(ctx)...)
		}
		return warnings, nil
	}
	var mu sync.Mutex
	var all []string
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		found := warningsOf(ctx, master, true)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, found...)
		return nil
	})
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func warningsOf(ctx context.Context, server redis.UniversalClient, isCluster bool) []string {
	var warnings []string
	settings := map[string]string{}
	for _, name := range []string{
		"appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy", "min-replicas-to-write", "min-replicas-max-lag",
		"cluster-allow-reads-when-down",
	} {
		setting, err := server.ConfigGet(ctx, name).Result()
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("Redis does not tell its settings (%v): "+
				"see to it yourself that appendonly is yes and maxmemory-policy is noeviction.", err))
			break
		}
		settings[name] = setting[name]
	}
	switch {
	case settings["appendonly"] == "yes" && settings["appendfsync"] != "always":
		warnings = append(warnings, fmt.Sprintf("Redis may put off writing to disk while the disk is busy (appendfsync %s): a crash "+
			"then loses what was acknowledged in the last seconds. Set appendfsync to always.", settings["appendfsync"]))
	case settings["appendonly"] != "no":
	case settings["save"] == "":
		warnings = append(warnings, "Redis keeps everything in memory only: "+
			"a restart loses all accounts, users and access keys. Set appendonly to yes.")
	default:
		warnings = append(warnings, "Redis saves to disk only now and then: a crash brings back access keys that were revoked "+
			"since the last time. Set appendonly to yes.")
	}
	if eviction := settings["maxmemory-policy"]; settings["maxmemory"] != "0" && eviction != "" && eviction != "noeviction" {
		warnings = append(warnings, fmt.Sprintf("Redis drops records when its memory is full (maxmemory-policy %s). "+
			"Set maxmemory-policy to noeviction.", eviction))
	}
	if isCluster && settings["cluster-allow-reads-when-down"] == "yes" {
		warnings = append(warnings, "A master that is cut off from its Cluster goes on answering (cluster-allow-reads-when-down yes), and so "+
			"gives tokens to access keys that were revoked on the other side. Set cluster-allow-reads-when-down to no.")
	}
	warnings = append(warnings, replicaWarnings(ctx, server, settings)...)
	return append(warnings, missingRights(ctx, server, isCluster)...)
}
