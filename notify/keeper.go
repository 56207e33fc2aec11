package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// KeeperStore is what a Keeper needs of a store.
type KeeperStore interface {
	store.Accounts
	store.Memberships
	store.Documents
	store.IssueOrder
}

// Keeper finds what the passing of time demands of access keys. Any number of replicas may run one at once.
type Keeper struct {
	Store KeeperStore
}

// thresholds are the moments in a key's life at which something is due, in days before its expiry: the notices, the expiry, the purge.
func thresholds() []int {
	return append(policy.NoticeDays(), 0, -int(policy.ListedAfterExpiry/policy.Day))
}

const (
	walkSize = 500
	atOnce   = 16
	// shortestPeriod bounds the search: no key expires sooner than that after its issue.
	shortestPeriod = policy.MinPeriodDays * policy.Day
)

// Tick does what is due at now in every account. An error in one account does not keep the others waiting.
func (k *Keeper) Tick(ctx context.Context, now time.Time) error {
	var failures []error
	for page := (store.Page{Limit: walkSize}); ; {
		accounts, err := k.Store.Accounts(ctx, page)
		if err != nil || len(accounts) == 0 {
			return errors.Join(append(failures, err)...)
		}
		for _, account := range accounts {
			if err := k.keepAccount(ctx, account, now); err != nil {
				failures = append(failures, fmt.Errorf("account %s: %w", account.ID, err))
			}
			page.After = account.ID
		}
	}
}

func (k *Keeper) keepAccount(ctx context.Context, account policy.Account, now time.Time) error {
	before, err := k.load(ctx, account)
	if err != nil {
		return err
	}
	after := progress{Policy: account.Expiration, Passed: map[string]store.IssuedKey{}}
	var failures []error
	for _, days := range thresholds() {
		name := strconv.Itoa(days)
		passed, err := k.pass(ctx, account, days, before.Passed[name], now)
		after.Passed[name] = passed
		failures = append(failures, err)
	}
	if !after.equal(before) {
		failures = append(failures, k.save(ctx, account.ID, after))
	}
	return errors.Join(failures...)
}

// pass takes every key that has come to the threshold since the last time, and returns the last one that it did. A key that fails does
// not keep those behind it waiting; but the next walk begins with it again.
func (k *Keeper) pass(ctx context.Context, account policy.Account, days int, last store.IssuedKey, now time.Time) (store.IssuedKey, error) {
	until := policy.NoticeTime(now, -days).Add(-shortestPeriod)
	if last.IssuedAt.After(now) {
		last = store.IssuedKey{} // reached under a clock that has been set back since: keys will be issued before this place
	}
	var failure error
	place := last
	for limit := 1; ; limit = walkSize { // mostly the first key is not due, and there is no need to read more
		keys, err := k.Store.KeysByIssue(ctx, account.ID, place, until, limit)
		if err != nil {
			return last, errors.Join(failure, err)
		}
		due := slices.IndexFunc(keys, func(key store.IssuedKey) bool {
			expiry := account.Expiration.Expiry(key.IssuedAt)
			return expiry.IsZero() || now.Before(policy.NoticeTime(expiry, days))
		})
		if due < 0 {
			due = len(keys)
		}
		for i, err := range k.keepAll(ctx, account, keys[:due], now) {
			if errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
				return last, errors.Join(failure, err)
			}
			place = keys[i]
			if failure == nil && err != nil {
				failure = fmt.Errorf("tenant %s, user %s: %w", place.TenantID, place.UserID, err)
			}
			if failure == nil {
				last = place
			}
		}
		if due < limit { // no key that was issued later has come to the threshold
			return last, failure
		}
	}
}

// keepAll keeps several memberships at the same time, because a store can write many for the price of one.
func (k *Keeper) keepAll(ctx context.Context, account policy.Account, keys []store.IssuedKey, now time.Time) []error {
	failures := make([]error, len(keys))
	free := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i, key := range keys {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			failures[i] = k.keepMembership(ctx, account, key, now)
		})
	}
	group.Wait()
	return failures
}

// keepMembership looks before it writes: after a change of the policy, most keys on the way have nothing due.
func (k *Keeper) keepMembership(ctx context.Context, account policy.Account, key store.IssuedKey, now time.Time) error {
	present, err := k.Store.Membership(ctx, key.TenantID, key.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, chores := present.Upkeep(account.Expiration, now); len(chores) == 0 {
		return nil
	}
	err = k.Store.UpdateMembership(ctx, key.TenantID, key.UserID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		after, chores := m.Upkeep(account.Expiration, now)
		if len(chores) == 0 {
			return m, nil, errNothingDue
		}
		events := make([]policy.Event, len(chores))
		for i, chore := range chores {
			events[i] = choreEvent(m, chore, now)
		}
		return after, events, nil
	})
	if errors.Is(err, errNothingDue) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// errNothingDue keeps a store from writing a membership that another replica has seen to.
var errNothingDue = errors.New("nothing is due")

func choreEvent(m policy.Membership, chore policy.Chore, now time.Time) policy.Event {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	event := policy.Event{
		ID: policy.NewEventID(now, random), At: now, Actor: policy.Actor{Via: "server"},
		AccountID: m.AccountID, TenantID: m.TenantID, UserID: m.UserID, ClientID: chore.Key.ClientID,
	}
	if chore.Purge {
		event.Action = policy.ActionKeyPurged
		return event
	}
	event.Announce = true
	event.Action = policy.ActionKeyExpiring
	if chore.Notice.DaysBefore == 0 {
		event.Action = policy.ActionKeyExpired
	}
	event.Details = noticeDetails(chore.Notice)
	return event
}
