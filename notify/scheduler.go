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

// SchedulerStore is the part of a store that a Scheduler needs.
type SchedulerStore interface {
	store.Accounts
	store.Memberships
	store.Documents
	store.KeyOrders
}

// Scheduler finds the notices, expiries and purges of access keys that are due, and claims them. Any number of replicas may run one at
// once.
type Scheduler struct {
	Store SchedulerStore
	// Agreed holds back purges while only one clock says that they are due; nil for none.
	Agreed *store.AgreedTime
}

// instants are those of one tick: now, and the one up to which purges are due.
type instants struct{ now, purge time.Time }

// thresholds are the moments in a key's life at which something is due, in days before its expiry: the notices, the expiry, the purge.
func thresholds() []int {
	return append(policy.NoticeDays(), 0, purgeDays)
}

// purgeDays is the threshold of the purge.
const purgeDays = -int(policy.ListedAfterExpiry / policy.Day)

const (
	walkSize = 500
	atOnce   = 16
	// shortestPeriod bounds the search: no key expires sooner than that after its issue.
	shortestPeriod = policy.MinPeriodDays * policy.Day
)

// Tick does what is due at now in every account. An error in one account does not hold up the others.
func (s *Scheduler) Tick(ctx context.Context, now time.Time) error {
	at := instants{now, s.Agreed.Until(ctx, now)}
	var failures []error
	err := store.EachAccount(ctx, s.Store, "", func(account policy.Account) error {
		if err := s.maintainAccount(ctx, account, at); err != nil {
			failures = append(failures, fmt.Errorf("account %s: %w", account.ID, err))
		}
		return nil
	})
	return errors.Join(append(failures, err)...)
}

func (s *Scheduler) maintainAccount(ctx context.Context, account policy.Account, at instants) error {
	before, err := s.load(ctx, account)
	if err != nil {
		return err
	}
	after := progress{Policy: account.Expiration, Passed: map[string]store.DatedKey{}}
	var failures []error
	orders, err := s.orders(ctx, account)
	if err != nil {
		return err
	}
	for _, order := range orders {
		for _, days := range thresholds() {
			name := order.name + strconv.Itoa(days)
			passed, err := s.pass(ctx, account, order, days, before.Passed[name], at)
			after.Passed[name] = passed
			failures = append(failures, err)
		}
	}
	if !after.equal(before) {
		failures = append(failures, s.save(ctx, account.ID, after))
	}
	return errors.Join(failures...)
}

// order is one in which keys expire.
type order struct {
	name   string // before the thresholds in the saved progress
	list   func(ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int) ([]store.DatedKey, error)
	expiry func(at time.Time) time.Time            // of a key with this time in the order; zero is never
	least  time.Duration                           // how long after that it expires at the earliest
	newest func(now time.Time, days int) time.Time // no key beyond this has come to the threshold
}

// orders are that of issue, in which keys expire under the policy, and that of keys' own ends, if there are any (R33). Of a key that is in
// both, what has come due by the earlier expiry is done when either reaches it.
func (s *Scheduler) orders(ctx context.Context, account policy.Account) ([]order, error) {
	byIssue := order{
		list: s.Store.KeysByIssue, expiry: account.Expiration.Expiry, least: shortestPeriod,
		newest: func(now time.Time, _ int) time.Time { return now },
	}
	byEnd := order{
		name: "end ", list: s.Store.KeysByEnd, expiry: func(end time.Time) time.Time { return end },
		newest: func(now time.Time, days int) time.Time { return policy.NoticeTime(now, -days).Add(policy.Day) }, // clocks differ a little
	}
	first, err := s.Store.KeysByEnd(ctx, account.ID, store.DatedKey{}, endOfTime(), 1)
	if err != nil || len(first) == 0 {
		return []order{byIssue}, err
	}
	return []order{byIssue, byEnd}, nil
}

// endOfTime is later than every end that a key can have.
func endOfTime() time.Time { return time.Date(10_000, time.January, 1, 0, 0, 0, 0, time.UTC) }

// pass maintains every key that has come to the threshold since the last time, and returns the last one that is done. A key that fails
// does not hold up those behind it; but the next tick begins with it again.
func (s *Scheduler) pass(
	ctx context.Context, account policy.Account, order order, days int, last store.DatedKey, at instants,
) (store.DatedKey, error) {
	now := at.now
	if days == purgeDays {
		now = at.purge
	}
	until := policy.NoticeTime(now, -days).Add(-order.least)
	if last.At.After(order.newest(at.now, days)) {
		last = store.DatedKey{} // saved under a clock that has been set back since: keys will come before this position
	}
	var failure error
	place := last
	for limit := 1; ; limit = walkSize { // mostly the first key is not due and no more need be read
		keys, err := order.list(ctx, account.ID, place, until, limit)
		if err != nil {
			return last, errors.Join(failure, err)
		}
		due := slices.IndexFunc(keys, func(key store.DatedKey) bool {
			expiry := order.expiry(key.At)
			return expiry.IsZero() || now.Before(policy.NoticeTime(expiry, days))
		})
		if due < 0 {
			due = len(keys)
		}
		for i, err := range s.maintainAll(ctx, account, keys[:due], at) {
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
		if due < limit { // no key that comes later has reached the threshold
			return last, failure
		}
	}
}

// maintainAll works on several memberships at the same time, because a store can write many for the price of one.
func (s *Scheduler) maintainAll(ctx context.Context, account policy.Account, keys []store.DatedKey, at instants) []error {
	failures := make([]error, len(keys))
	free := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i, key := range keys {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			failures[i] = s.maintainMembership(ctx, account, key, at)
		})
	}
	group.Wait()
	return failures
}

// maintainMembership reads before it writes: after a change of the policy, nothing is due for most keys.
func (s *Scheduler) maintainMembership(ctx context.Context, account policy.Account, key store.DatedKey, at instants) error {
	present, err := s.Store.Membership(ctx, key.TenantID, key.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, tasks := present.Maintain(account.Expiration, at.now, at.purge); len(tasks) == 0 {
		return nil
	}
	err = s.Store.UpdateMembership(ctx, key.TenantID, key.UserID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		after, tasks := m.Maintain(account.Expiration, at.now, at.purge)
		if len(tasks) == 0 {
			return m, nil, errNothingDue
		}
		events := make([]policy.Event, len(tasks))
		for i, task := range tasks {
			events[i] = taskEvent(m, task, at.now)
		}
		return after, events, nil
	})
	if errors.Is(err, errNothingDue) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// errNothingDue keeps a store from writing a membership that another replica has dealt with.
var errNothingDue = errors.New("nothing is due")

func taskEvent(m policy.Membership, task policy.Task, now time.Time) policy.Event {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	event := policy.Event{
		ID: policy.NewEventID(now, random), At: now, Actor: policy.Actor{Via: "server"},
		AccountID: m.AccountID, TenantID: m.TenantID, UserID: m.UserID, ClientID: task.Key.ClientID,
	}
	if task.Purge {
		event.Action = policy.ActionKeyPurged
		return event
	}
	event.Announce = true
	event.Action = policy.ActionKeyExpiring
	if task.Notice.DaysBefore == 0 {
		event.Action = policy.ActionKeyExpired
	}
	event.Details = task.Notice.Details()
	event.Payload.Notice = &task.Notice
	event.Payload.Key = &policy.KeyFacts{Label: task.Key.Label}
	return event
}
