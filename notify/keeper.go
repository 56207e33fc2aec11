package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// Keeper finds what the passing of time demands of access keys. Any number of replicas may run one.
type Keeper struct {
	Store KeeperStore
}

// thresholds are the moments in a key's life at which something is due, in days before its expiry: the notices, the expiry, the purge.
func thresholds() []int {
	return append(policy.NoticeDays(), 0, -int(policy.ListedAfterExpiry/policy.Day))
}

const (
	walkSize = 500
	// shortestPeriod bounds the search: no key expires sooner than that after its issue.
	shortestPeriod = policy.DefaultPeriodDays * policy.Day
)

// progress is how far the walk has come in one account: for each threshold the last key that has passed it. It holds for
// one state of the expiration policy, under which keys pass in the order of issue.
type progress struct {
	Policy policy.ExpirationPolicy    `json:"policy"`
	Passed map[string]store.IssuedKey `json:"passed"`
}

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
	if !equalProgress(before, after) {
		failures = append(failures, k.save(ctx, account.ID, after))
	}
	return errors.Join(failures...)
}

// pass takes every key that has come to the threshold since the last time, and returns the last one that it did.
func (k *Keeper) pass(ctx context.Context, account policy.Account, days int, last store.IssuedKey, now time.Time) (store.IssuedKey, error) {
	ahead := time.Duration(days) * policy.Day
	until := now.Add(ahead - shortestPeriod)
	for {
		keys, err := k.Store.KeysByIssue(ctx, account.ID, last, until, walkSize)
		if err != nil {
			return last, err
		}
		for _, key := range keys {
			expiry := account.Expiration.Expiry(key.IssuedAt)
			if expiry.IsZero() || now.Before(expiry.Add(-ahead)) {
				return last, nil // nor has any key that was issued later
			}
			if err := k.keepMembership(ctx, account, key, now); err != nil {
				return last, err
			}
			last = key
		}
		if len(keys) < walkSize {
			return last, nil
		}
	}
}

func (k *Keeper) keepMembership(ctx context.Context, account policy.Account, key store.IssuedKey, now time.Time) error {
	err := k.Store.UpdateMembership(ctx, key.TenantID, key.UserID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
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

// errNothingDue keeps a store from writing a membership that does not change.
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
	event.Details = map[string]string{
		detailExpiresAt:  chore.Notice.ExpiresAt.UTC().Format(time.RFC3339Nano),
		detailDaysBefore: strconv.Itoa(chore.Notice.DaysBefore),
	}
	if chore.Notice.DaysBefore == 0 {
		event.Action = policy.ActionKeyExpired
		delete(event.Details, detailDaysBefore)
	}
	return event
}

// The details of an expiry event.
const (
	detailExpiresAt  = "expires_at"
	detailDaysBefore = "days_before"
)

func progressDocument(accountID string) string { return "upkeep-" + accountID }

// load returns how far the walk has come, or the start if the policy has changed since.
func (k *Keeper) load(ctx context.Context, account policy.Account) (progress, error) {
	var saved progress
	raw, err := k.Store.Document(ctx, progressDocument(account.ID))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return progress{}, nil
	case err != nil:
		return progress{}, err
	}
	if err := json.Unmarshal(raw, &saved); err != nil {
		return progress{}, err
	}
	if !slices.EqualFunc(saved.Policy, account.Expiration, equalRevision) {
		return progress{}, nil
	}
	return saved, nil
}

// save overwrites what another replica has saved meanwhile: whoever is behind does a little again, and finds nothing due.
func (k *Keeper) save(ctx context.Context, accountID string, p progress) error {
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return k.Store.UpdateDocument(ctx, progressDocument(accountID), func([]byte) ([]byte, error) { return raw, nil })
}

func equalProgress(a, b progress) bool {
	if len(a.Passed) != len(b.Passed) || !slices.EqualFunc(a.Policy, b.Policy, equalRevision) {
		return false
	}
	for name, key := range a.Passed {
		other := b.Passed[name]
		if !key.IssuedAt.Equal(other.IssuedAt) || key.ClientID != other.ClientID || key.TenantID != other.TenantID || key.UserID != other.UserID {
			return false
		}
	}
	return true
}

func equalRevision(a, b policy.Revision) bool {
	return a.At.Equal(b.At) && a.Enabled == b.Enabled && a.PeriodDays == b.PeriodDays
}
