package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Store is the part of a store that is needed here.
type Store interface {
	store.Accounts
	store.AuditTrail
	store.Documents
}

const (
	// Grace is the time before anything is deleted from a store that had no retention before.
	Grace = 30 * policy.Day
	every = time.Hour
	// atOnce limits how long one transaction takes others' turn.
	atOnce = 500
	// workTime is well below the lease that lets one server at a time do this. The rest is done at the next tick.
	workTime = 30 * time.Second
	// document says since when events are deleted.
	document = "audit-retention"
)

type begun struct {
	Begins time.Time `json:"begins"`
}

// Begin returns the time from which on events older than the retention are deleted, and decides it for a store where it is not decided yet:
// in Grace if there are events that would be deleted before, else now. A retention of 0 keeps events for ever, and decides nothing.
func Begin(ctx context.Context, s Store, retention time.Duration, now time.Time) (time.Time, error) {
	if retention == 0 {
		return time.Time{}, nil
	}
	present, err := store.ReadJSON[begun](ctx, s, document)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return present.Begins, err
	}
	begins := now.UTC()
	err = accounts(ctx, s, func(accountID string) error {
		oldest, err := s.Events(ctx, accountID, store.EventsQuery{OldestFirst: true, Limit: 1})
		if len(oldest) > 0 && oldest[0].At.Before(now.Add(Grace-retention)) {
			begins = now.UTC().Add(Grace)
		}
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	err = store.UpdateJSON(ctx, s, document, func(other begun) (begun, error) {
		if !other.Begins.IsZero() {
			begins = other.Begins
		}
		return begun{begins}, nil
	})
	return begins, err
}

// Keeper trims the audit trails. All fields but Archive are needed.
type Keeper struct {
	Store Store
	// Retention is how long events are kept, in the store and in files; 0 for ever.
	Retention time.Duration
	// Begins is what Begin has returned.
	Begins time.Time
	// Archive is where events go that are older than its After; nil if they stay in the store.
	Archive *Archive
	// Agreed is the time for deleting what can't be brought back; false if the clocks that were asked do not agree.
	Agreed func(ctx context.Context) (time.Time, bool)

	next time.Time
}

// Tick does some of the work if an hour has passed since it was all done. It returns after half a minute at most; call it every minute or
// so, on one server at a time. An error in one account does not hold up the others.
func (k *Keeper) Tick(ctx context.Context, now time.Time) error {
	// A next that is too far ahead was set under a clock that has been set back since.
	if now.Before(k.next) && !k.next.After(now.Add(every)) {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	agreed, ok := k.Agreed(ctx)
	if !ok {
		return errors.New("the clocks do not agree, so no old events are deleted")
	}
	var failures []error
	err := accounts(limited, k.Store, func(accountID string) error {
		if err := k.account(limited, accountID, agreed); err != nil {
			failures = append(failures, fmt.Errorf("account %s: %w", accountID, err))
		}
		return limited.Err()
	})
	if limited.Err() != nil { // there is more to do
		return ctx.Err()
	}
	k.next = now.Add(every)
	return errors.Join(append(failures, err)...)
}

func (k *Keeper) account(ctx context.Context, accountID string, now time.Time) error {
	// What has arrived is put in order even if nobody reads it.
	if _, _, err := k.Store.Arrivals(ctx, accountID, "", 1); err != nil {
		return err
	}
	if k.Archive != nil {
		if err := k.Archive.move(ctx, k.Store, accountID, now); err != nil {
			return err
		}
	}
	if k.Retention == 0 || now.Before(k.Begins) {
		return nil
	}
	cut := now.Add(-k.Retention)
	for {
		old, err := oldest(ctx, k.Store, accountID, cut, atOnce)
		if err != nil {
			return err
		}
		if err := k.Store.ForgetEvents(ctx, accountID, old...); err != nil {
			return err
		}
		if len(old) < atOnce {
			break
		}
	}
	if k.Archive == nil {
		return nil
	}
	return k.Archive.forget(accountID, cut)
}

// oldest returns the oldest events from before a time.
func oldest(ctx context.Context, s store.AuditTrail, accountID string, before time.Time, limit int) ([]policy.Event, error) {
	events, err := s.Events(ctx, accountID, store.EventsQuery{OldestFirst: true, Limit: limit})
	for i, e := range events {
		if e.ID >= policy.NewEventID(before, [10]byte{}) {
			return events[:i], err
		}
	}
	return events, err
}

func accounts(ctx context.Context, s store.Accounts, visit func(id string) error) error {
	for page := (store.Page{Limit: atOnce}); ; {
		some, err := s.Accounts(ctx, page)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, account := range some {
			if err := visit(account.ID); err != nil {
				return err
			}
			page.After = account.ID
		}
	}
}
