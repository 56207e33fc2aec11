package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Rights are asked of Redis itself, which then runs nothing. A command that it does not know counts as allowed: there is nothing to
// allow. ARGV is the commands, each as a count and that many words.
const rightsSource = `
local missing, i = {}, 1
while i <= #ARGV do
  local words = tonumber(ARGV[i])
  local known, allowed = pcall(redis.acl_check_cmd, unpack(ARGV, i + 1, i + words))
  if known and not allowed then table.insert(missing, ARGV[i + 1] .. ' ' .. (words > 1 and ARGV[i + 2] or '')) end
  i = i + words + 1
end
return missing
`

// probes are the commands that the store uses, each with one of its keys. EVAL is not among them, because it asks.
func probes() [][]string {
	const key = "mintkey:schema"
	return [][]string{
		{"get", key},
		{"mget", key},
		{"set", key, ""},
		{"setnx", key, ""},
		{"del", key},
		{"incr", key},
		{"persist", key},
		{"expire", key, "1"},
		{"pttl", key},
		{"zadd", key, "0", "x"},
		{"zincrby", key, "0", "x"},
		{"zmscore", key, "x"},
		{"zrange", key, "0", "0"},
		{"zrevrange", key, "0", "0"},
		{"zrem", key, "x"},
		{"zscan", key, "0"},
		{"zscore", key, "x"},
		{"zlexcount", key, "-", "+"},
		{"zremrangebylex", key, "-", "+"},
		{"lrange", key, "0", "-1"},
		{"lrem", key, "1", "x"},
		{"ltrim", key, "0", "-1"},
		{"rpush", key, "x"},
		{"sadd", key, "x"},
		{"smembers", key},
		{"srem", key, "x"},
		{"hgetall", key},
		{"hincrby", key, "x", "0"},
		{"xadd", key, "*", "x", "x"},
		{"xdel", key, "0-0"},
		{"xrange", key, "-", "+"},
		{"xrevrange", key, "+", "-"},
		{"evalsha", "x", "0"},
		{"time"},
		{"wait", "1", "1"},
	}
}

// probedKeys has a key of each kind.
func probedKeys() []string {
	tenant, account := ofTenant("x"), ofAccount("x")
	return []string{
		schemaKey, accountsKey, outboxesKey, revocationsKey, usedIDsKey, replicasKey(""), userClaimKey("x"), emailAccounts("x").key,
		clientKey("x"), digestsOf("x").key, documentKey("x"), accountKey("x"), tenantKey("x"), ephemeralKey("x"), limitKey("x"),
		tenant.trailKey(), account.outboxKey(), tenant.queueKey(), arrivedKey("x"), sweptKey("x"),
	}
}

// missingRights says which commands and keys the Redis user may not use. ROLE and CONFIG are looked at with the settings.
func missingRights(ctx context.Context, server redis.UniversalClient, isCluster bool) []string {
	all := probes()
	if isCluster {
		all = append(all, []string{"cluster", "slots"})
	}
	for _, key := range probedKeys() {
		all = append(all, []string{"get", key}, []string{"set", key, ""})
	}
	args := []any{rightsSource, 0}
	for _, words := range all {
		args = append(args, len(words))
		for _, word := range words {
			args = append(args, word)
		}
	}
	missing, err := server.Do(ctx, append([]any{"EVAL"}, args...)...).StringSlice()
	if err != nil {
		return []string{fmt.Sprintf("The Redis user may not run scripts (%v), so nothing can be changed. Allow EVAL and EVALSHA.", err)}
	}
	return describeMissing(missing)
}

// describeMissing tells commands that are forbidden for every key from keys that are forbidden for every command.
func describeMissing(missing []string) (warnings []string) {
	const commandKey = "mintkey:schema"
	lacks := func(command, key string) bool { return slices.Contains(missing, command+" "+key) }
	var keys, commands []string
	for _, key := range probedKeys() {
		differs := func(command string) bool { return lacks(command, key) != lacks(command, commandKey) }
		if lacks("get", key) && lacks("set", key) || differs("get") || differs("set") {
			keys = append(keys, key)
		}
	}
	if len(keys) == len(probedKeys()) {
		keys = []string{"mintkey:*"}
	}
	keyForbidden := slices.Contains(keys, "mintkey:*") || slices.Contains(keys, commandKey)
	for _, words := range probes() {
		command, first := words[0], ""
		if len(words) > 1 {
			first = words[1]
		}
		if lacks(command, first) && (first != commandKey || !keyForbidden) {
			commands = append(commands, strings.ToUpper(command))
		}
	}
	if lacks("cluster", "slots") {
		commands = append(commands, "CLUSTER SLOTS")
	}
	if len(commands) > 0 {
		warnings = append(warnings, "The Redis user may not use "+strings.Join(commands, ", ")+
			", which the store needs. Allow it in the ACL: docs/redis.md has the whole line.")
	}
	if len(keys) > 0 {
		warnings = append(warnings, "The Redis user may not read and write the keys "+strings.Join(keys, ", ")+
			". Give it all keys that begin with mintkey: (~mintkey:*).")
	}
	return warnings
}
