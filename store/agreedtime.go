package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// documentAgreed holds the latest time that the servers agreed on.
const documentAgreed = "agreed-time"

const (
	// jump is how far a clock may move at once without being asked to prove itself. The document is written twice as often.
	jump = 2 * time.Minute
	// proof is how long a clock that jumped must have gone on before it is believed, measured by the process, whose own count of time no
	// clock moves.
	proof = time.Hour
	// agreedEvery is how often the store is asked.
	agreedEvery = 10 * time.Second
	// tolerated is how much the clock may differ from the store's before anybody is told.
	tolerated = 3 * time.Second
)

// AgreedTime says up to which instant what has ended may be destroyed for good: expired access keys, retired signing keys, revocations,
// old records. It is never later than the clock of this server, and stands still while that clock is the only one to say so: a clock that
// is far ahead for a while must not destroy what cannot be brought back.
//
// Asked are the clock of this server, the clock of the store where it has one, and the latest time that any server of this store has
// agreed on. Its methods may be called from many goroutines. The zero AgreedTime is not usable, a nil one agrees with everything.
type AgreedTime struct {
	Documents Documents
	// StoreTime reads the clock of the store; nil if it has none.
	StoreTime func(context.Context) (time.Time, error)
	Log       *slog.Logger

	mu     sync.Mutex
	asked  time.Time // when the store was asked last; with the monotonic reading
	agreed time.Time
	jumped time.Time // since when the clock has been ahead of what was agreed; zero while it is not
	told   bool      // of the present jump
	offset time.Duration
	apart  bool // told that the clocks differ
}

type agreedDocument struct {
	At time.Time `json:"at"`
}

// Until returns the instant. While the store is away it is the last one that was agreed; before there was any, it is the year 1.
// Pass now as the clock gives it, with its monotonic reading.
func (a *AgreedTime) Until(ctx context.Context, now time.Time) time.Time {
	if a == nil {
		return now
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked.IsZero() || now.Sub(a.asked) >= agreedEvery || now.Before(a.asked) {
		if err := a.ask(ctx, now); err != nil {
			a.Log.DebugContext(ctx, "agreed time not read", slog.Any("error", err))
		}
	}
	return earlier(now.Round(0), a.agreed).UTC()
}

// ask compares the clocks.
func (a *AgreedTime) ask(ctx context.Context, now time.Time) error {
	reading := now.Round(0).UTC()
	if a.StoreTime != nil {
		theirs, err := a.StoreTime(ctx)
		if err != nil {
			return err
		}
		a.compare(ctx, reading.Sub(theirs))
		reading = earlier(reading, theirs.UTC())
	}
	document, err := ReadJSON[agreedDocument](ctx, a.Documents, documentAgreed)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	seen := document.At
	ahead := reading.Sub(seen) > jump && !seen.IsZero()
	if ahead && a.jumped.IsZero() {
		a.jumped = now
	}
	if ahead && now.Sub(a.jumped) < proof {
		a.tell(ctx, seen, reading)
		a.asked, a.agreed = now, seen
		return nil
	}
	a.jumped, a.told = time.Time{}, false
	if reading.Sub(seen) > jump/2 {
		err = UpdateJSON(ctx, a.Documents, documentAgreed, func(d agreedDocument) (agreedDocument, error) {
			return agreedDocument{later(d.At, reading)}, nil
		})
		if err != nil {
			return err
		}
	}
	a.asked, a.agreed = now, reading
	return nil
}

// compare notes how far the clock of this server is ahead of the store's. More than a few seconds matter: other servers then take its
// tokens for ones from the future.
func (a *AgreedTime) compare(ctx context.Context, offset time.Duration) {
	a.offset = offset
	apart := offset.Abs() > tolerated
	if apart && !a.apart {
		a.Log.WarnContext(ctx, "clock differs from the store's", slog.Duration("ahead", offset))
	}
	a.apart = apart
}

// Offset is how far the clock of this server was ahead of the store's when it was last asked, negative for behind; 0 where it has none.
func (a *AgreedTime) Offset() time.Duration {
	if a == nil {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.offset
}

// Warnings says what is wrong with the clock now, in plain words.
func (a *AgreedTime) Warnings() []string {
	if offset := a.Offset(); offset.Abs() > tolerated {
		return []string{fmt.Sprintf("clock: differs from the store's by %s", offset.Round(time.Second))}
	}
	return nil
}

func (a *AgreedTime) tell(ctx context.Context, seen, reading time.Time) {
	if a.told {
		return
	}
	a.told = true
	a.Log.InfoContext(ctx, "nothing is deleted for an hour: the clock is ahead of the last time that was seen, as after a long stop",
		slog.Time("clock", reading), slog.Time("seen", seen))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
