package redisstore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mintkey/store"
)

// Names of keys. The part in braces decides the slot.

const (
	schemaKey      = "mintkey:schema"
	accountsKey    = "mintkey:accounts"    // sorted set of account IDs
	outboxesKey    = "mintkey:outboxes"    // sorted set: see listings.go
	revocationsKey = "mintkey:revocations" // stream
	usedIDsKey     = "mintkey:used-ids"    // sorted set of digests
)

// replicasKey is the note about replicas: see replicas.go. The address is that of a master of a Cluster, and empty otherwise.
func replicasKey(address string) string { return "mintkey:replicas:" + address }

func userClaimKey(userID string) string { return "mintkey:user:" + userID }
func clientKey(clientID string) string  { return "mintkey:client:" + clientID }
func documentKey(name string) string    { return "mintkey:document:" + name }

// slot is the hash tag of an account or a tenant, whose keys change together.
type slot string

func ofAccount(accountID string) slot { return slot("a:" + accountID) }
func ofTenant(tenantID string) slot   { return slot("t:" + tenantID) }

func (s slot) key(rest string) string { return "mintkey:{" + string(s) + "}:" + rest }

func (s slot) trailKey() string             { return s.key("events") }
func (s slot) outboxKey() string            { return s.key("outbox") }
func (s slot) epochKey() string             { return s.key("outbox-epoch") }
func (s slot) changesKey() string           { return s.key("changed") } // list: see feeds.go
func (s slot) entryKey(event string) string { return s.key("outbox:" + event) }

func accountKey(accountID string) string        { return ofAccount(accountID).key("account") }
func accountTenantsKey(accountID string) string { return ofAccount(accountID).key("tenants") }
func usersKey(accountID string) string          { return ofAccount(accountID).key("users") }
func userKey(accountID, userID string) string   { return ofAccount(accountID).key("user:" + userID) }

func emailKey(accountID, folded string) string { return ofAccount(accountID).key("email:" + folded) }

func tenantsOfKey(accountID, userID string) string {
	return ofAccount(accountID).key("tenants-of:" + userID)
}

func tenantKey(tenantID string) string         { return ofTenant(tenantID).key("tenant") }
func membersKey(tenantID string) string        { return ofTenant(tenantID).key("members") }
func memberKey(tenantID, userID string) string { return ofTenant(tenantID).key("member:" + userID) }
func accessTimesKey(tenantID string) string    { return ofTenant(tenantID).key("access") }
func accessKey(tenantID, clientID string) string {
	return ofTenant(tenantID).key("access:" + clientID)
}

// movedKey says who has an access key that was moved: see keymove.go.
func movedKey(tenantID, clientID string) string { return ofTenant(tenantID).key("moved:" + clientID) }

func issuesKey(tenantID string) string { return ofTenant(tenantID).key("issues") }
func endsKey(tenantID string) string   { return ofTenant(tenantID).key("ends") }

// trafficKey names a record of traffic.
func trafficKey(r store.TrafficRecord) string {
	return slot(r.File).key(fmt.Sprintf("traffic:%d:%d:%s", r.Step, r.Chunk, r.Name))
}

// parseTrafficKey is the reverse of trafficKey.
func parseTrafficKey(key string) (r store.TrafficRecord, err error) {
	file, rest, _ := strings.Cut(strings.TrimPrefix(key, "mintkey:{"), "}:traffic:")
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) != 3 {
		return r, fmt.Errorf("decode the key of traffic %q", key)
	}
	step, stepErr := strconv.Atoi(parts[0])
	chunk, chunkErr := strconv.ParseInt(parts[1], 10, 64)
	if err := errors.Join(stepErr, chunkErr); err != nil {
		return r, fmt.Errorf("decode the key of traffic %q: %w", key, err)
	}
	return store.TrafficRecord{File: file, Step: store.TrafficStep(step), Chunk: chunk, Name: parts[2]}, nil
}
