package passwords

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// maxBlocks is how many blocks of 19 MiB there may be: 209 MiB.
const maxBlocks = 11

// memory bounds what hashing allocates. argon2 takes a new block for each hash and leaves it to the garbage collector,
// which falls far behind where many processors hash: six at a time came to 670 MiB. So when too many blocks may be left,
// the garbage is collected before the next hash.
type memory struct {
	starting sync.Mutex // held while a block is taken, and so while garbage is collected
	blocks   int        // in use, or perhaps not yet collected
	inUse    atomic.Int64
}

// take makes room for a block.
func (m *memory) take() {
	m.starting.Lock()
	defer m.starting.Unlock()
	if m.blocks >= maxBlocks {
		inUse := m.inUse.Load() // those that end meanwhile may escape the collector
		runtime.GC()
		m.blocks = int(inUse)
	}
	m.blocks++
	m.inUse.Add(1)
}

// leave says that a block that was taken is garbage.
func (m *memory) leave() { m.inUse.Add(-1) }
