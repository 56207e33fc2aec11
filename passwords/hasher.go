package passwords

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
)

// ErrBusy refuses a hash because too many wait already. Nothing was hashed; trying again in a few seconds may work.
var ErrBusy = errors.New("too many passwords are being checked at the moment")

const (
	// maxSlots leaves more than half of the memory for hashing to garbage, or it would be collected before every hash: see memory.
	maxSlots = 4
	// maxWaiting is how many may wait for a slot, at some 30 ms each. Whoever would wait longer is better told so.
	maxWaiting = 64
)

// Options bounds a Hasher. A zero field stands for its default.
type Options struct {
	Slots   int // hashes made at once; by default one processor less than there are, so that other requests keep one, and at most 4
	Waiting int // hashes that may wait for a slot; by default 64
}

// Hasher makes and checks hashes, a bounded number at once and in at most 256 MiB, in the order in which they were asked
// for. Its methods may be called from many goroutines.
type Hasher struct {
	slots   chan struct{}
	waiting chan struct{} // has room for those that hold a slot, too
	memory  memory
	hashed  atomic.Uint64
}

// NewHasher returns a Hasher. A process should have one.
func NewHasher(o Options) *Hasher {
	if o.Slots <= 0 {
		o.Slots = min(max(runtime.GOMAXPROCS(0)-1, 1), maxSlots)
	}
	if o.Waiting <= 0 {
		o.Waiting = maxWaiting
	}
	return &Hasher{slots: make(chan struct{}, o.Slots), waiting: make(chan struct{}, o.Slots+o.Waiting)}
}

// Hashed is how many hashes were made so far, to check a password or to keep it.
func (h *Hasher) Hashed() uint64 { return h.hashed.Load() }

// Hash returns the hash of a password, with a new salt and its parameters in it. It is ErrCommon for a password that is easy to guess,
// ErrBusy when too many wait, and the error of the context when that ends first.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	if err := CheckCommon(password); err != nil {
		return "", err
	}
	err = h.do(ctx, func() (err error) {
		hash, err = create(password)
		return err
	})
	return hash, err
}

// Verify says whether the hash is that of the password. An empty hash, which stands for an unknown user or one without a
// password, takes as long as any other and never fits. It is ErrBusy when too many wait, and the error of the context
// when that ends first; another error means that the hash is broken.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (fits bool, err error) {
	err = h.do(ctx, func() (err error) {
		fits, err = compare(hash, password)
		return err
	})
	return fits, err
}

func (h *Hasher) do(ctx context.Context, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	h.memory.take()
	defer h.memory.leave()
	h.hashed.Add(1)
	return work()
}
