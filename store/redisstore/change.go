package redisstore

import (
	"maps"
	"slices"
)

// swap runs commands if the keys that were read before are unchanged. ARGV is the number of those keys, which come first in
// KEYS, then each one's value behind an equals sign, or nothing for a key that did not exist; then
// the commands, each as a count and that many words. Redis does not undo what a script has done before a command is refused,
// so a command that the ACL forbids is refused before any of them runs.
//
//nolint:dupword // Lua ends each block by a word
const swapSource = `
local checks = tonumber(ARGV[1])
for i = 1, checks do
  local value = redis.call('GET', KEYS[i])
  if (value and '=' .. value or '') ~= ARGV[i + 1] then return 0 end
end
local function each(run)
  local i = checks + 2
  while i <= #ARGV do
    local words = tonumber(ARGV[i])
    if not run(unpack(ARGV, i + 1, i + words)) then return ARGV[i + 1] end
    i = i + words + 1
  end
end
local forbidden = redis.acl_check_cmd and each(redis.acl_check_cmd)
if forbidden then return redis.error_reply('NOPERM the ACL does not allow the command ' .. forbidden) end
each(function(...)
  redis.call(...)
  return true
end)
return 1
`

var swap = newScript(swapSource)

// change is what one script does atomically, on keys of one slot.
//
// While a Cluster moves the slot, its owner refuses commands on keys that it does not have: the whole script at first if one of KEYS is
// missing, and later each command on a key that the script itself has deleted. So whatever can delete a key comes last, in one command
// a key: see script.
type change struct {
	unchanged []snapshot
	first     []any // a command that changes nothing: see evenIfFull
	keys      []string
	commands  []any
	unindexed map[string][]any // members by sorted set
	removed   []string
	queued    []queuedAt // see arrivals.go
}

// expect makes the change fail if a key is no longer as it was read.
func (c *change) expect(snapshots ...snapshot) { c.unchanged = append(c.unchanged, snapshots...) }

// do adds a command, which must not be one that can delete the key.
func (c *change) do(name, key string, args ...any) {
	c.keys = append(c.keys, key)
	c.commands = append(c.commands, 2+len(args), name, key)
	c.commands = append(c.commands, args...)
}

// evenIfFull makes the script begin with a command that changes nothing, and that a Redis whose memory is full does not refuse. It then
// runs the rest of the script as well: a revocation must not fail for that.
func (c *change) evenIfFull(name, key string, args ...any) {
	if c.first != nil {
		return
	}
	c.keys = append(c.keys, key)
	c.first = append([]any{2 + len(args), name, key}, args...)
}

// put expects the key as it was and gives it a new value.
func (c *change) put(old snapshot, value string) {
	c.existing(old)
	c.do("SET", old.key, value)
}

// remove expects the key as it was and deletes it.
func (c *change) remove(old snapshot) {
	c.existing(old)
	c.drop(old.key)
}

// existing expects the key as it was. Changes of what exists go on while memory is full. No record has a time-to-live, so PERSIST
// changes nothing.
func (c *change) existing(old snapshot) {
	c.expect(old)
	if old.exists {
		c.evenIfFull("PERSIST", old.key)
	}
}

// drop deletes a key that nothing else in the change uses.
func (c *change) drop(key string) { c.removed = append(c.removed, key) }

func (c *change) index(key, id string) { c.do("ZADD", key, 0, id) }

// unindex removes members that the change does not add.
func (c *change) unindex(key string, ids ...any) {
	if len(ids) == 0 {
		return
	}
	if c.unindexed == nil {
		c.unindexed = map[string][]any{}
	}
	c.unindexed[key] = append(c.unindexed[key], ids...)
}

// script returns the arguments of the script. Its commands are in this order: the one that changes nothing, those that add
// or replace, and those that can delete a key.
func (c *change) script() (keys []string, args []any) {
	args = append(args, len(c.unchanged))
	for _, old := range c.unchanged {
		keys = append(keys, old.key)
		if old.exists {
			args = append(args, "="+old.value)
		} else {
			args = append(args, "")
		}
	}
	keys = append(keys, c.keys...)
	args = append(append(args, c.first...), c.commands...)
	for _, key := range slices.Sorted(maps.Keys(c.unindexed)) {
		members := c.unindexed[key]
		keys = append(keys, key)
		args = append(append(args, 2+len(members), "ZREM", key), members...)
	}
	for _, key := range c.removed {
		keys = append(keys, key)
		args = append(args, 2, "DEL", key)
	}
	return keys, args
}
