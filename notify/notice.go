package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Records looks up the people and the access keys that events are about. The answers must be fresh: a notice that no longer holds by them
// is dropped and not sent later.
type Records interface {
	Account(ctx context.Context, id string) (policy.Account, error)
	Tenant(ctx context.Context, id string) (policy.Tenant, error)
	User(ctx context.Context, accountID, id string) (policy.User, error)
	Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error)
	Memberships(ctx context.Context, tenantID string, page store.Page) ([]policy.Membership, error)
}

// SubjectFunc reads whom an event is about, with membership, tenant and account. It returns store.ErrNotFound when the user is not a
// member of the event's tenant, or is no longer.
type SubjectFunc = func(context.Context) (policy.Subject, error)

// SubjectOf returns a SubjectFunc that reads once and remembers the answer, unless it was an error. It is for one goroutine.
func SubjectOf(records Records, event policy.Event) SubjectFunc {
	var subject policy.Subject
	known := false
	return func(ctx context.Context) (_ policy.Subject, err error) {
		if !known {
			subject, err = records.Subject(ctx, event.TenantID, event.UserID)
			known = err == nil
		}
		return subject, err
	}
}

// holds says whether the event still tells the truth. What happened has happened; but a notice can be cancelled, or overtaken by a more
// urgent one, between the claim and the sending (R16).
func holds(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) (bool, error) {
	if event.Action != policy.ActionKeyExpiring && event.Action != policy.ActionKeyExpired {
		return true, nil
	}
	if event.Payload.Notice == nil {
		return false, fmt.Errorf("event %s: %w: no notice in it", event.ID, ErrPermanent)
	}
	found, err := subject(ctx)
	if err != nil || found.User.Disabled {
		return false, absent(err)
	}
	key, err := found.Membership.Key(event.ClientID)
	if err != nil {
		return false, nil //nolint:nilerr // revoked meanwhile
	}
	return event.Payload.Notice.Holds(key, found.Account.Expiration, now), nil
}

// absent is nil when the error says that there is no such record.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
