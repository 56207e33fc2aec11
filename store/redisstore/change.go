package redisstore

import "github.com/redis/go-redis/v9"

// swap runs commands if the keys that were read before are unchanged. ARGV is the number of those keys, which come first in
// KEYS, then each one's value behind an equals sign, or nothing for a key that did not exist; then
// the commands, each as a count and that many words.
//
//nolint:dupword // Lua ends each block by a word
const swapSource = `
local checks = tonumber(ARGV[1])
for i = 1, checks do
  local value = redis.call('GET', KEYS[i])
  if (value and '=' .. value or '') ~= ARGV[i + 1] then return 0 end
end
local i = checks + 2
while i <= #ARGV do
  local words = tonumber(ARGV[i])
  redis.call(unpack(ARGV, i + 1, i + words))
  i = i + words + 1
end
return 1
`

var swap = redis.NewScript(swapSource)

// change is what one script does atomically, on keys of one slot.
type change struct {
	unchanged []snapshot
	keys      []string
	commands  []any
}

// expect makes the change fail if a key is no longer as it was read.
func (c *change) expect(snapshots ...snapshot) { c.unchanged = append(c.unchanged, snapshots...) }

func (c *change) do(name, key string, args ...any) {
	c.keys = append(c.keys, key)
	c.commands = append(c.commands, 2+len(args), name, key)
	c.commands = append(c.commands, args...)
}

// put expects the key as it was and gives it a new value, before the other commands of the change. A Redis whose memory is full runs
// a script that begins with DEL, and all of it: a revocation must not be refused for that.
func (c *change) put(old snapshot, value string) {
	c.expect(old)
	var first change
	if old.exists {
		first.do("DEL", old.key)
	}
	first.do("SET", old.key, value)
	c.keys = append(first.keys, c.keys...)
	c.commands = append(first.commands, c.commands...)
}

// remove expects the key as it was and deletes it.
func (c *change) remove(old snapshot) {
	c.expect(old)
	c.do("DEL", old.key)
}

func (c *change) index(key, id string)   { c.do("ZADD", key, 0, id) }
func (c *change) unindex(key, id string) { c.do("ZREM", key, id) }

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
	return append(keys, c.keys...), append(args, c.commands...)
}
