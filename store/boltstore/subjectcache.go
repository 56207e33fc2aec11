package boltstore

import (
	"sync"
	"sync/atomic"

	"mintkey/policy"
)

// subjectCache keeps the subjects that were read since the last commit, because a busy client asks for one many times a second and a file
// has only one writer: this process. Every commit drops all of them before it is acknowledged, so nothing in it is ever stale.
type subjectCache struct {
	current atomic.Pointer[subjectsSince]
}

// subjectsSince are those read since one commit.
type subjectsSince struct {
	mu       sync.RWMutex
	byClient map[string]policy.Subject // shared: clone what is handed out
}

// now returns the cache to look in, and to fill with what is read from here on. What is read after a commit may get into the cache of
// before it, where it is fresher than need be.
func (c *subjectCache) now() *subjectsSince {
	for {
		if current := c.current.Load(); current != nil {
			return current
		}
		c.current.CompareAndSwap(nil, &subjectsSince{byClient: map[string]policy.Subject{}})
	}
}

// drop forgets everything.
func (c *subjectCache) drop() { c.current.Store(nil) }

func (s *subjectsSince) get(clientID string) (policy.Subject, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	subject, ok := s.byClient[clientID]
	return subject, ok
}

func (s *subjectsSince) put(clientID string, subject policy.Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byClient) < cacheLimit {
		s.byClient[clientID] = subject
	}
}
