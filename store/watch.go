package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrEmptied means that a store in which this process has seen accounts has none now, or has lost its epoch. Nobody may be told that a
	// secret is wrong, and nothing may be made in it. It is ErrUnavailable as well.
	ErrEmptied error = &lostError{"the store was emptied: put its data back"}
	// ErrPartEmptied is ErrEmptied for one node of several, such as a master of a Cluster that was restarted without its data.
	ErrPartEmptied error = &lostError{"a node of the store was emptied: put its data back, or restart the servers to go on without it"}
	// ErrReplaced means that the file of a store was moved or deleted while it was open. What would be saved now would be lost. It is
	// ErrUnavailable as well.
	ErrReplaced error = &lostError{"the file of the store was moved, replaced or deleted: restart the server on the right one"}
)

type lostError struct{ text string }

func (e *lostError) Error() string      { return e.text }
func (*lostError) Is(target error) bool { return target == ErrUnavailable }

// Watched is the part of a store that a Watch reads and writes.
type Watched interface {
	Accounts
	Documents
}

// Parts is a store on several nodes, one of which can lose its data while the others keep theirs.
type Parts interface {
	// KeepMarks marks each node, where that is missing, and remembers the marks.
	KeepMarks(ctx context.Context) error
	// PartLost says whether some of the marks that are remembered are gone, but not all.
	PartLost(ctx context.Context) bool
}

// Watch notices that the store is no longer the one that this process has seen: that it was emptied, or that its history went back. It
// remembers what it has seen for as long as the process lives. Its methods may be called from many goroutines. A nil Watch notices nothing.
type Watch struct {
	store Watched
	gate  *Gate // shut while the store is emptied or replaced
	log   *slog.Logger

	checking sync.Mutex // one check at a time
	epoch    string
	high     time.Time
	accounts bool // were seen
	changed  bool // and LoseHistory has not succeeded yet
	after    []func()

	lost      atomic.Pointer[error]
	none      atomic.Bool // the store has no accounts, and never had
	histories atomic.Int64
	wentBack  atomic.Pointer[time.Time] // when that was last noticed

	mu   sync.Mutex
	next *sharedCheck // has not begun
}

// NewWatch returns a watch over the store, which was begun (see BeginHistory). It notices nothing before the first Check.
func NewWatch(store Watched, gate *Gate, log *slog.Logger) *Watch {
	return &Watch{store: store, gate: gate, log: log}
}

// OnChange adds a function that is called whenever the history of the store has become another one: what is remembered of the store outside
// it has to be dropped. Call it before the first Check.
func (w *Watch) OnChange(drop func()) { w.after = append(w.after, drop) }

// Lost is why the store can't be used, ErrEmptied or ErrReplaced, as the last check has found; nil if it can.
func (w *Watch) Lost() error {
	if w == nil {
		return nil
	}
	if lost := w.lost.Load(); lost != nil {
		return *lost
	}
	return nil
}

// NoAccounts says whether the store has no accounts and this process has never seen any.
func (w *Watch) NoAccounts() bool { return w != nil && w.none.Load() }

// Histories counts how often the history of the store has become another one.
func (w *Watch) Histories() int64 {
	if w == nil {
		return 0
	}
	return w.histories.Load()
}

// warnedFor is how long a history that went back is a warning.
const warnedFor = 24 * time.Hour

// Warnings says in plain words what has happened to the store.
func (w *Watch) Warnings(now time.Time) []string {
	if w == nil {
		return nil
	}
	if lost := w.Lost(); lost != nil {
		return []string{"store: " + lost.Error()}
	}
	if at := w.wentBack.Load(); at != nil && now.Sub(*at) < warnedFor {
		return []string{"store: its history went back at " + at.UTC().Format(time.RFC3339) +
			", as after a failover or a restore: what was changed shortly before may be lost"}
	}
	return nil
}

// Check looks at the store. It returns Lost, or an error if the store can't be read.
func (w *Watch) Check(ctx context.Context, now time.Time) error {
	if w == nil {
		return nil
	}
	w.checking.Lock()
	defer w.checking.Unlock()
	return w.check(ctx, now)
}

// check must be called with checking held.
func (w *Watch) check(ctx context.Context, now time.Time) error {
	var replaced error
	if file, ok := w.gate.Store.(interface{ Replaced() error }); ok {
		replaced = file.Replaced()
	}
	// In this order: what is there was there when the epoch was read.
	high, err := ReadJSON[HighWater](ctx, w.store, documentHighWater)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	some, err := w.store.Accounts(ctx, Page{Limit: 1})
	if err != nil {
		return err
	}
	epoch, err := ReadJSON[Epoch](ctx, w.store, documentEpoch)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	switch {
	case replaced != nil:
		w.lose(ctx, replaced)
	case epoch.ID == "" && w.epoch != "", len(some) == 0 && w.accounts:
		w.lose(ctx, ErrEmptied)
	case w.partLost(ctx):
		w.lose(ctx, ErrPartEmptied)
	default:
		return w.found(ctx, epoch.ID, high.At, len(some) > 0, now)
	}
	return w.Lost()
}

func (w *Watch) partLost(ctx context.Context) bool {
	parts, ok := w.gate.Store.(Parts)
	return ok && w.accounts && parts.PartLost(ctx)
}

func (w *Watch) lose(ctx context.Context, why error) {
	if w.Lost() == nil {
		w.log.ErrorContext(ctx, "store lost", slog.Any("error", why))
	}
	w.lost.Store(&why)
	w.gate.Lose(why)
}

// found compares a store that has data with what was seen of it.
func (w *Watch) found(ctx context.Context, epoch string, high time.Time, accounts bool, now time.Time) error {
	back := w.epoch != "" && (high.Before(w.high) || w.Lost() != nil)
	if back && epoch == w.epoch {
		// Servers that have noticed nothing yet learn of it by the new epoch.
		fresh, err := renewEpoch(ctx, w.gate.Store, epoch)
		if err != nil {
			return err
		}
		epoch = fresh
	}
	changed := w.epoch != "" && epoch != w.epoch
	w.epoch, w.accounts = epoch, w.accounts || accounts
	w.none.Store(!w.accounts)
	if changed {
		w.high = high
	} else {
		w.high = later(w.high, high)
	}
	w.lost.Store(nil)
	w.gate.Lose(nil)
	w.changed = w.changed || changed
	var err error
	if w.changed {
		err = LoseHistory(ctx, w.gate.Store, now)
		w.changed = err != nil
	}
	if changed {
		w.histories.Add(1)
		w.wentBack.Store(&now)
		w.log.ErrorContext(ctx, "store history changed; everything that was remembered of it is dropped", slog.Bool("went_back", back))
		for _, drop := range w.after {
			drop()
		}
	}
	return err
}

// Advance raises the high-water mark, by which other servers and this one notice that the history of the store went back. Call it every few
// seconds, after a Check. It does nothing while the store is lost.
func (w *Watch) Advance(ctx context.Context, now time.Time) error {
	if w == nil || w.Lost() != nil {
		return nil
	}
	var mark HighWater
	err := UpdateJSON(ctx, w.gate, documentHighWater, func(h HighWater) (HighWater, error) {
		if h.At.IsZero() {
			return h, ErrEmptied
		}
		mark = HighWater{At: later(now.UTC(), h.At.Add(1)), Revocation: h.Revocation}
		return mark, nil
	})
	if err != nil {
		return err
	}
	w.checking.Lock()
	defer w.checking.Unlock()
	w.high = later(w.high, mark.At)
	if parts, ok := w.gate.Store.(Parts); ok {
		return parts.KeepMarks(ctx)
	}
	return nil
}

// sharedCheck is a check that several wait for.
type sharedCheck struct {
	done chan struct{}
	err  error
}

// Confirm makes sure that the store is the one that was seen: whoever is refused because a record is missing must not be refused because
// all are. Those who ask at once share a check, which begins after each of them has asked. A store that can't be read is no reason to
// refuse.
func (w *Watch) Confirm(ctx context.Context, now time.Time) error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	check := w.next
	if check == nil {
		check = &sharedCheck{done: make(chan struct{})}
		w.next = check
		go func() {
			w.checking.Lock() // the one before it has ended
			defer w.checking.Unlock()
			w.mu.Lock()
			w.next = nil
			w.mu.Unlock()
			alone, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTimeout)
			defer cancel()
			_ = w.check(alone, now) // a store that can't be read tells nothing
			check.err = w.Lost()
			close(check.done)
		}()
	}
	w.mu.Unlock()
	select {
	case <-check.done:
		return check.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// confirmTimeout bounds one shared check.
const confirmTimeout = 2 * time.Second
