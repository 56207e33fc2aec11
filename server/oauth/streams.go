package oauth

import "sync"

// maxStreams is how many streams of revocations a client may have open at one server. Gateways need one each.
const maxStreams = 20

// streamCount counts the open streams by client ID. The zero value is ready; its methods may be called from many goroutines.
type streamCount struct {
	mu       sync.Mutex
	byClient map[string]int
}

// open counts one more stream, unless the client has maxStreams.
func (c *streamCount) open(clientID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byClient == nil {
		c.byClient = map[string]int{}
	}
	if c.byClient[clientID] >= maxStreams {
		return false
	}
	c.byClient[clientID]++
	return true
}

func (c *streamCount) close(clientID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byClient[clientID]--; c.byClient[clientID] == 0 {
		delete(c.byClient, clientID)
	}
}

func (c *streamCount) all() (open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.byClient {
		open += n
	}
	return open
}
