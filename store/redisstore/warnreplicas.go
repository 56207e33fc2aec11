package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// examineTimeout bounds the look at one replica, which may hang.
const examineTimeout = 2 * time.Second

// slowestLag is the highest min-replicas-max-lag, in seconds, under which a primary that is cut off soon stops to accept changes. It is
// the default of Redis.
const slowestLag = 10

// replicaWarnings looks at a server's replicas, and at what it does without them.
func replicaWarnings(ctx context.Context, server redis.UniversalClient, settings map[string]string) (warnings []string) {
	role := redis.NewCmd(ctx, "ROLE")
	if err := server.Process(ctx, role); err != nil {
		return []string{fmt.Sprintf("Redis does not tell its replicas (%v): changes are not confirmed by one, and "+
			"a failover may bring back an access key that was revoked.", err)}
	}
	replicas := replicasIn(role)
	if len(replicas) == 0 {
		return nil
	}
	lag, _ := strconv.Atoi(settings["min-replicas-max-lag"])
	switch {
	case settings["min-replicas-to-write"] == "0":
		warnings = append(warnings, "Redis accepts changes without its replicas (min-replicas-to-write 0): a primary that is cut off goes on "+
			"answering with what a failover discards. Set min-replicas-to-write to 1.")
	case settings["min-replicas-max-lag"] == "":
	case lag == 0 || lag > slowestLag:
		warnings = append(warnings, fmt.Sprintf("Redis counts replicas that have been silent for long (min-replicas-max-lag %d): "+
			"set min-replicas-max-lag to 10 or less, but not to 0, which switches min-replicas-to-write off.", lag))
	}
	for _, address := range replicas {
		if warning := examineReplica(ctx, server, address); warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return warnings
}

// examineReplica asks a replica, with the credentials for its primary, whether it keeps its data across a restart.
func examineReplica(ctx context.Context, server redis.UniversalClient, address string) string {
	primary, ok := server.(*redis.Client)
	if !ok {
		return ""
	}
	options := &redis.Options{
		Addr: address, Username: primary.Options().Username, Password: primary.Options().Password,
		DialTimeout: examineTimeout, ReadTimeout: examineTimeout, WriteTimeout: examineTimeout, DialerRetries: 1, MaxRetries: -1,
	}
	if secure := primary.Options().TLSConfig; secure != nil {
		options.TLSConfig = secure.Clone()
		options.TLSConfig.ServerName = "" // that of the primary; the replica has its own
	}
	replica := redis.NewClient(options)
	defer func() { _ = replica.Close() }()
	setting, err := replica.ConfigGet(ctx, "appendonly").Result()
	switch {
	case err != nil:
		return fmt.Sprintf("The replica %s does not tell its settings (%v): see to it yourself that appendonly is yes.", address, err)
	case setting["appendonly"] != "yes":
		return fmt.Sprintf("The replica %s keeps no append-only file: if it restarts and then becomes the primary, what was acknowledged is "+
			"lost. Set appendonly to yes there too.", address)
	}
	return ""
}
