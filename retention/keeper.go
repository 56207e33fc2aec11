package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"mintkey/chain"
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
	// soon is after how long it is tried again when the clocks did not agree.
	soon = 10 * time.Minute
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
	err = store.EachAccount(ctx, s, "", func(account policy.Account) error {
		oldest, err := s.Events(ctx, account.ID, store.EventsQuery{OldestFirst: true, Limit: 1})
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

// Keeper seals the audit trails, and then trims them. All fields but Archive and Sign are needed.
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
	// Sign signs the heads of the chains; nil if they are not signed.
	Sign chain.Signer
	Log  *slog.Logger

	next time.Time
	done string // the account up to which the work of this hour is done
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
	var failures []error
	var unsigned []chain.Entry
	err := store.EachAccount(limited, k.Store, k.done, func(account policy.Account) error {
		fresh, err := k.seal(limited, account.ID, now)
		unsigned = append(unsigned, fresh...)
		if err == nil && ok {
			err = k.trim(limited, account.ID, agreed)
		}
		if limited.Err() != nil {
			return limited.Err()
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("account %s: %w", account.ID, err))
		}
		k.done = account.ID
		return nil
	})
	failures = append(failures, k.sign(ctx, now, unsigned))
	if limited.Err() != nil { // there is more to do
		return errors.Join(append(failures, ctx.Err())...)
	}
	k.next, k.done = now.Add(every), ""
	if !ok {
		k.next = now.Add(soon)
		failures = append(failures, errors.New("the clocks do not agree, so no old events are deleted"))
	} else if k.Retention > 0 {
		failures = append(failures, k.trimHeads(ctx, agreed))
	}
	return errors.Join(append(failures, err)...)
}

// seal returns the heads that are not signed yet.
func (k *Keeper) seal(ctx context.Context, accountID string, now time.Time) ([]chain.Entry, error) {
	sealed, err := chain.Seal(ctx, k.Store, accountID, now)
	if len(sealed.Lost) > 0 {
		k.Log.WarnContext(ctx, "events of the audit trail are gone since the history of the store has changed",
			slog.String("account_id", accountID), slog.Int("events", len(sealed.Lost)), slog.String("first", sealed.Lost[0]))
	}
	return sealed.Unsigned, err
}

// sign signs heads. The log has the root, so that whoever keeps the log elsewhere can tell whether the trails are still those.
func (k *Keeper) sign(ctx context.Context, now time.Time, unsigned []chain.Entry) error {
	if k.Sign == nil || len(unsigned) == 0 {
		return nil
	}
	signed, err := chain.Sign(ctx, k.Store, now, unsigned, k.Sign)
	for _, heads := range signed {
		k.Log.InfoContext(ctx, "audit heads signed",
			slog.Int64("number", heads.Number), slog.String("root", heads.Root), slog.Int("heads", len(heads.Entries)))
	}
	if err == nil && k.Archive != nil {
		err = k.Archive.writeHeads(signed)
	}
	if err != nil {
		return fmt.Errorf("signing the heads of the audit trails: %w", err)
	}
	return nil
}

// trimHeads keeps signed heads as long as events.
func (k *Keeper) trimHeads(ctx context.Context, now time.Time) error {
	if now.Before(k.Begins) {
		return nil
	}
	cut := now.Add(-k.Retention)
	err := chain.CutHeads(ctx, k.Store, cut)
	if k.Archive != nil {
		err = errors.Join(err, k.Archive.forgetHeads(cut))
	}
	return err
}

func (k *Keeper) trim(ctx context.Context, accountID string, now time.Time) error {
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
		if err := forget(ctx, k.Store, accountID, old, now); err != nil {
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

// forget deletes the oldest events of an account, after their chain knows where it goes on.
func forget(ctx context.Context, s Store, accountID string, old []policy.Event, now time.Time) error {
	if len(old) == 0 {
		return nil
	}
	if err := chain.Cut(ctx, s, accountID, old[len(old)-1].ID, now); err != nil {
		return err
	}
	for some := range slices.Chunk(old, atOnce) {
		if err := s.ForgetEvents(ctx, accountID, some...); err != nil {
			return err
		}
	}
	return nil
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
