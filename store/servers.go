package store

import (
	"context"
	"fmt"
	"time"
)

// documentServers lists the servers that run on the store.
const documentServers = "servers"

// How often a server stamps the store, and how long after its last stamp it counts as gone.
const (
	StampEvery = 10 * time.Second
	ServerGone = 60 * time.Second
)

// ServerStamp says which program a server runs.
type ServerStamp struct {
	Version string    `json:"version"` // of the program, for people
	Schema  int       `json:"schema"`  // the SchemaVersion that it writes
	SeenAt  time.Time `json:"seen_at"`
}

// Stamp records that the server with the ID is running, and drops those that are gone. It returns all that are left, by ID.
func Stamp(ctx context.Context, documents Documents, id string, stamp ServerStamp) (map[string]ServerStamp, error) {
	var servers map[string]ServerStamp
	err := UpdateJSON(ctx, documents, documentServers, func(before map[string]ServerStamp) (map[string]ServerStamp, error) {
		servers = living(before, stamp.SeenAt)
		servers[id] = stamp
		return servers, nil
	})
	return servers, err
}

// Unstamp records that the server with the ID has stopped.
func Unstamp(ctx context.Context, documents Documents, id string) error {
	return UpdateJSON(ctx, documents, documentServers, func(before map[string]ServerStamp) (map[string]ServerStamp, error) {
		delete(before, id)
		return before, nil
	})
}

func living(servers map[string]ServerStamp, now time.Time) map[string]ServerStamp {
	found := map[string]ServerStamp{}
	for id, server := range servers {
		if now.Sub(server.SeenAt) < ServerGone {
			found[id] = server
		}
	}
	return found
}

// AllServersAtLeast says whether every running server writes the schema version or a later one: only then may a new kind
// of field be written.
func AllServersAtLeast(servers map[string]ServerStamp, version int) bool {
	for _, server := range servers {
		if server.Schema < version {
			return false
		}
	}
	return true
}

// CheckSchema returns ErrSchemaTooNew when the store, or a server on it, is of a later version than this program.
// The servers are those that Stamp returned. A version that can't be read is not refused here: every use of the store will report that.
func CheckSchema(ctx context.Context, s Schema, servers map[string]ServerStamp) error {
	latest, err := s.SchemaVersion(ctx)
	if err != nil {
		latest = 0
	}
	for _, server := range servers {
		latest = max(latest, server.Schema)
	}
	if latest > SchemaVersion {
		return fmt.Errorf("%w: version %d, and this program writes %d", ErrSchemaTooNew, latest, SchemaVersion)
	}
	return nil
}
