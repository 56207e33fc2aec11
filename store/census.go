package store

import (
	"context"
	"strconv"
	"time"

	"mintkey/policy"
)

// Census is how many access keys a store has. It names nobody.
type Census struct {
	At       time.Time             `json:"at"`
	Keys     map[policy.Status]int `json:"keys"`     // by their status at At
	Expiring [2]int                `json:"expiring"` // that are not expired yet, by the rows of CensusDays
	Took     time.Duration         `json:"took"`     // to count
}

// CensusStates are the states of access keys that a Census counts.
func CensusStates() []policy.Status {
	return []policy.Status{policy.StatusActive, policy.StatusSuspended, policy.StatusExpired}
}

// CensusSpan is a time within which access keys expire.
type CensusSpan struct {
	Within time.Duration
	Label  string // in days
}

// CensusDays are the rows of Census.Expiring.
func CensusDays() [2]CensusSpan {
	span := func(days int) CensusSpan { return CensusSpan{time.Duration(days) * policy.Day, strconv.Itoa(days)} }
	return [...]CensusSpan{span(7), span(30)}
}

// censusDocument is where the last Census is, for all servers.
const censusDocument = "census"

const (
	// CensusEvery is how often access keys are counted, at most.
	CensusEvery = 5 * time.Minute
	// censusShare keeps counting from being more than a small part of all work: one that took 30 s is repeated after 10 minutes.
	censusShare = 20
)

// CensusStore is what a census reads and writes.
type CensusStore interface {
	Accounts
	Tenants
	Memberships
	Documents
}

// RefreshCensus counts the access keys, if the last census of this store is old enough. clock is the real time, by which it notes how long
// that took, and now the time by which keys expire. It reads every membership, so one server at a time should do it.
func RefreshCensus(ctx context.Context, s CensusStore, now time.Time, clock func() time.Time) error {
	last, err := LastCensus(ctx, s)
	// One that lies ahead was taken under a clock that has been set back since.
	if age := now.Sub(last.At); err != nil || age >= 0 && age < max(CensusEvery, censusShare*last.Took) {
		return err
	}
	began := clock()
	found, err := takeCensus(ctx, s, now)
	if err != nil {
		return err
	}
	found.Took = clock().Sub(began)
	return UpdateJSON(ctx, s, censusDocument, func(Census) (Census, error) { return found, nil })
}

// LastCensus is the zero Census when none was taken.
func LastCensus(ctx context.Context, s Documents) (Census, error) {
	return readState[Census](ctx, s, censusDocument)
}

func takeCensus(ctx context.Context, s CensusStore, now time.Time) (Census, error) {
	found := Census{At: now.UTC(), Keys: map[policy.Status]int{}}
	err := EachAccount(ctx, s, "", func(account policy.Account) error {
		tenants := func(ctx context.Context, page Page) ([]policy.Tenant, error) { return s.Tenants(ctx, account.ID, page) }
		return pages(ctx, tenants, func(t policy.Tenant) string { return t.ID }, func(tenants []policy.Tenant) error {
			for _, tenant := range tenants {
				if err := found.addTenant(ctx, s, account.Expiration, tenant.ID); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return found, err
}

func (c *Census) addTenant(ctx context.Context, s Memberships, expiration policy.ExpirationPolicy, tenantID string) error {
	members := func(ctx context.Context, page Page) ([]policy.Membership, error) {
		return s.Memberships(ctx, tenantID, page)
	}
	return pages(ctx, members, func(m policy.Membership) string { return m.UserID }, func(some []policy.Membership) error {
		for _, m := range some {
			for _, key := range m.Keys {
				c.add(key, expiration)
			}
		}
		return nil
	})
}

func (c *Census) add(key policy.AccessKey, expiration policy.ExpirationPolicy) {
	status := key.Status(expiration, c.At)
	c.Keys[status]++
	expiry := key.Expiry(expiration)
	if status == policy.StatusExpired || expiry.IsZero() {
		return
	}
	for i, span := range CensusDays() {
		if !expiry.After(c.At.Add(span.Within)) {
			c.Expiring[i]++
		}
	}
}
