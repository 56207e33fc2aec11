package notify

import (
	"context"
	"errors"
	"maps"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

// progress is how far the Scheduler has come in one account: for each threshold, the last key that has passed it. It is valid for one
// state of the expiration policy, under which keys pass in the order of issue.
type progress struct {
	Policy policy.ExpirationPolicy   `json:"policy"`
	Passed map[string]store.DatedKey `json:"passed"`
}

func (p progress) equal(other progress) bool {
	return slices.EqualFunc(p.Policy, other.Policy, sameRevision) && maps.EqualFunc(p.Passed, other.Passed, samePlace)
}

func sameRevision(a, b policy.Revision) bool {
	return a.At.Equal(b.At) && a.Enabled == b.Enabled && a.PeriodDays == b.PeriodDays
}

func samePlace(a, b store.DatedKey) bool {
	return a.At.Equal(b.At) && a.TenantID == b.TenantID && a.UserID == b.UserID && a.ClientID == b.ClientID
}

func progressDocument(accountID string) string { return "upkeep-" + accountID }

// load returns the saved progress, or none if the policy has changed since.
func (s *Scheduler) load(ctx context.Context, account policy.Account) (progress, error) {
	saved, err := store.ReadJSON[progress](ctx, s.Store, progressDocument(account.ID))
	if errors.Is(err, store.ErrNotFound) {
		return progress{}, nil
	}
	if err != nil {
		return progress{}, err
	}
	if !slices.EqualFunc(saved.Policy, account.Expiration, sameRevision) {
		return progress{}, nil
	}
	return saved, nil
}

// save overwrites what another replica has saved meanwhile. Going back only means looking at a few keys again, and finding nothing due.
func (s *Scheduler) save(ctx context.Context, accountID string, p progress) error {
	return store.UpdateJSON(ctx, s.Store, progressDocument(accountID), func(progress) (progress, error) { return p, nil })
}
