package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"mintkey/policy"
)

// UpgradeReport says what Upgrade did, or would do.
type UpgradeReport struct {
	From        int `json:"from"`
	To          int `json:"to"`
	Users       int `json:"users"`       // given a kind and a generation
	Memberships int `json:"memberships"` // bound to the generation of their user
	AccessKeys  int `json:"access_keys"` // given a ceiling, and entered in the index of digests
	Sessions    int `json:"sessions"`    // console sessions and open forms that ended
	Links       int `json:"links"`       // links to pick up a key or to choose a password that ended
	Leftovers   int `json:"leftovers"`   // memberships of deleted users that were removed
	// Alike lists users whose e-mail addresses count as one from now on.
	Alike []EmailsAlike `json:"emails_alike,omitempty"`
	// Above lists the keys that hold scopes above what their owner may do: those scopes have no effect any more,
	// whatever roles the owner gets.
	Above []KeyAbove `json:"above,omitempty"`
}

// KeyAbove is an access key with scopes above its ceiling.
type KeyAbove struct {
	KeyLocation

	Ceiling policy.Role `json:"ceiling"`
	Scopes  []string    `json:"scopes"`
}

// Upgrade brings a store of version 1 to SchemaVersion. No server may be running on it. It can be interrupted and repeated: the
// version is saved last,
// and finished work is not repeated. With dryRun it changes nothing and reports what it would do.
func Upgrade(ctx context.Context, s Store, now time.Time, dryRun bool) (UpgradeReport, error) {
	version, err := s.SchemaVersion(ctx)
	report := UpgradeReport{From: version, To: SchemaVersion}
	switch {
	case err != nil:
		return report, err
	case version > SchemaVersion:
		return report, ErrSchemaTooNew
	case version == SchemaVersion:
		return report, nil
	}
	u := upgrading{store: s, now: now, dry: dryRun, report: &report}
	for _, step := range []func(context.Context) error{u.accounts, u.ephemera, u.finish} {
		if err := step(ctx); err != nil {
			return report, fmt.Errorf("upgrade the store: %w", err)
		}
	}
	return report, nil
}

type upgrading struct {
	store  Store
	now    time.Time
	dry    bool
	report *UpgradeReport

	emailsOf string            // the account of emails
	emails   map[string]string // folded address → user ID
}

// accounts upgrades all users before the memberships that refer to them.
func (u *upgrading) accounts(ctx context.Context) error {
	return pages(ctx, u.store.Accounts, func(a policy.Account) string { return a.ID }, func(accounts []policy.Account) error {
		for _, account := range accounts {
			users := func(ctx context.Context, page Page) ([]policy.User, error) {
				return u.store.Users(ctx, account.ID, page)
			}
			err := pages(ctx, users, func(user policy.User) string { return user.ID }, func(users []policy.User) error {
				return each(users, func(user policy.User) error { return u.user(ctx, user) })
			})
			if err != nil {
				return err
			}
			tenants := func(ctx context.Context, page Page) ([]policy.Tenant, error) {
				return u.store.Tenants(ctx, account.ID, page)
			}
			err = pages(ctx, tenants, func(t policy.Tenant) string { return t.ID }, func(tenants []policy.Tenant) error {
				return each(tenants, func(tenant policy.Tenant) error { return u.tenant(ctx, tenant) })
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func each[T any](records []T, do func(T) error) error {
	for _, record := range records {
		if err := do(record); err != nil {
			return err
		}
	}
	return nil
}

func (u *upgrading) user(ctx context.Context, user policy.User) error {
	u.noteEmail(user)
	if user.Generation != "" && user.Kind != "" {
		return nil
	}
	u.report.Users++
	if u.dry {
		return nil
	}
	return u.store.UpdateUser(ctx, user.AccountID, user.ID, func(user policy.User) (policy.User, []policy.Event, error) {
		if user.Kind == "" {
			user.Kind = policy.KindPerson
		}
		if user.Generation == "" {
			user.Generation = rand.Text()
		}
		return user, nil, nil
	})
}

func (u *upgrading) tenant(ctx context.Context, tenant policy.Tenant) error {
	list := func(ctx context.Context, page Page) ([]policy.Membership, error) {
		return u.store.Memberships(ctx, tenant.ID, page)
	}
	return pages(ctx, list, func(m policy.Membership) string { return m.UserID }, func(memberships []policy.Membership) error {
		return each(memberships, func(m policy.Membership) error { return u.membership(ctx, m) })
	})
}

// membership upgrades a membership in one write, which also enters its keys in the index of digests.
func (u *upgrading) membership(ctx context.Context, m policy.Membership) error {
	if m.UserGeneration != "" {
		return nil
	}
	user, err := u.store.User(ctx, m.AccountID, m.UserID)
	if errors.Is(err, ErrNotFound) {
		return u.leftover(ctx, m)
	}
	if err != nil {
		return err
	}
	_, above := withCeilings(m, user)
	u.report.Memberships++
	u.report.AccessKeys += len(m.Keys)
	u.report.Above = append(u.report.Above, above...)
	if u.dry {
		return nil
	}
	return u.store.UpdateMembership(ctx, m.TenantID, m.UserID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		after, above := withCeilings(m, user)
		after.UserGeneration = user.Generation
		var events []policy.Event
		for _, key := range above {
			events = append(events, u.event(after, key))
		}
		return after, events, nil
	})
}

// withCeilings sets the ceiling of every key to what its owner's roles give. A disabled owner counts as if enabled:
// disabling does not take roles away.
func withCeilings(m policy.Membership, user policy.User) (policy.Membership, []KeyAbove) {
	user.Disabled = false
	owner := policy.Subject{User: user, Membership: m}
	var above []KeyAbove
	m = m.Clone()
	for i := range m.Keys {
		key := &m.Keys[i]
		if key.Ceiling == "" {
			key.Ceiling = owner.Authority().Role()
		}
		if scopes := policy.ScopesAbove(key.Ceiling.Authority(), key.Scopes); len(scopes) > 0 {
			above = append(above, KeyAbove{KeyLocation{m.TenantID, m.UserID, key.ClientID}, key.Ceiling, scopes})
		}
	}
	return m, above
}

func (u *upgrading) event(m policy.Membership, key KeyAbove) policy.Event {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.Event{
		ID: policy.NewEventID(u.now, random), At: u.now.UTC(), Action: policy.ActionKeyCeilingSet, Actor: policy.Actor{Via: "command"},
		AccountID: m.AccountID, TenantID: m.TenantID, UserID: m.UserID, ClientID: key.ClientID,
		Details: map[string]string{"ceiling": string(key.Ceiling), "scopes_above": strings.Join(key.Scopes, " ")},
	}
}

// ephemera ends the sessions and links of version 1: they are not bound to a generation.
func (u *upgrading) ephemera(ctx context.Context) error {
	var over []string
	err := u.store.EachEphemeral(ctx, func(key string, _ []byte, _ time.Time) error {
		kind, _, _ := strings.Cut(key, "/")
		switch kind {
		case "session", "form", "form-done":
			u.report.Sessions++
		case "pick-up", "password-link":
			u.report.Links++
		default:
			return nil
		}
		over = append(over, key)
		return nil
	})
	if err != nil || u.dry {
		return err
	}
	return each(over, func(key string) error { return u.store.DeleteEphemeral(ctx, key) })
}

func (u *upgrading) finish(ctx context.Context) error {
	if u.dry {
		return nil
	}
	if err := BeginHistory(ctx, u.store, MaxTokenLifetime, u.now); err != nil {
		return err
	}
	return u.store.SetSchemaVersion(ctx, SchemaVersion)
}
