package redisstore

import "sync"

// cache is a map of bounded size. When it is full it drops some entry for each new one.
type cache[V any] struct {
	mu      sync.RWMutex
	size    int
	entries map[string]V
}

func newCache[V any](size int) *cache[V] {
	return &cache[V]{size: size, entries: make(map[string]V)}
}

func (c *cache[V]) get(key string) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	value, ok := c.entries[key]
	return value, ok
}

func (c *cache[V]) put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, present := c.entries[key]; !present && len(c.entries) >= c.size {
		for other := range c.entries {
			delete(c.entries, other)
			break
		}
	}
	c.entries[key] = value
}

func (c *cache[V]) dropAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
}

func (c *cache[V]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}
