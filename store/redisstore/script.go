package redisstore

import (
	"crypto/fips140"

	"github.com/redis/go-redis/v9"
)

// newScript makes a script, which Redis knows by its SHA-1 (EVALSHA). That is a name, and protects nothing, so the mode that allows
// approved algorithms alone (GODEBUG=fips140=only) does not apply to it; without this, no program with this package would start in it.
func newScript(source string) *redis.Script {
	var script *redis.Script
	fips140.WithoutEnforcement(func() { script = redis.NewScript(source) })
	return script
}
