package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// The details of an event that passes on a notice.
const (
	detailExpiresAt  = "expires_at"  // RFC 3339
	detailDaysBefore = "days_before" // absent from a key.expired
)

func noticeDetails(n policy.Notice) map[string]string {
	details := map[string]string{detailExpiresAt: n.ExpiresAt.UTC().Format(time.RFC3339Nano)}
	if n.DaysBefore > 0 {
		details[detailDaysBefore] = strconv.Itoa(n.DaysBefore)
	}
	return details
}

// noticeOf reads what noticeDetails wrote; false for an event that is no notice.
func noticeOf(event policy.Event) (policy.Notice, bool, error) {
	if event.Action != policy.ActionKeyExpiring && event.Action != policy.ActionKeyExpired {
		return policy.Notice{}, false, nil
	}
	expiry, err := time.Parse(time.RFC3339, event.Details[detailExpiresAt])
	if err != nil {
		return policy.Notice{}, true, fmt.Errorf("event %s: %w: %w", event.ID, ErrPermanent, err)
	}
	notice := policy.Notice{ExpiresAt: expiry}
	if event.Action == policy.ActionKeyExpiring {
		notice.DaysBefore, err = strconv.Atoi(event.Details[detailDaysBefore])
	}
	if err != nil {
		return policy.Notice{}, true, fmt.Errorf("event %s: %w: %w", event.ID, ErrPermanent, err)
	}
	return notice, true, nil
}

// Records looks up whom and what an event is about. The answers must be fresh: a notice is dropped for good when they say that it no longer holds.
type Records interface {
	Account(ctx context.Context, id string) (policy.Account, error)
	Tenant(ctx context.Context, id string) (policy.Tenant, error)
	User(ctx context.Context, accountID, id string) (policy.User, error)
	Membership(ctx context.Context, tenantID, userID string) (policy.Membership, error)
}

// holds says whether what the event tells of is still so. What happened has happened; but a notice can be cancelled, or overtaken
// by a more urgent one, between the claim and the sending (R16).
func holds(ctx context.Context, records Records, event policy.Event, now time.Time) (bool, error) {
	notice, ok, err := noticeOf(event)
	if err != nil || !ok {
		return !ok, err
	}
	account, err := records.Account(ctx, event.AccountID)
	if err != nil {
		return false, absent(err)
	}
	user, err := records.User(ctx, event.AccountID, event.UserID)
	if err != nil || user.Disabled {
		return false, absent(err)
	}
	membership, err := records.Membership(ctx, event.TenantID, event.UserID)
	if err != nil {
		return false, absent(err)
	}
	key, err := membership.Key(event.ClientID)
	if err != nil {
		return false, nil //nolint:nilerr // revoked meanwhile
	}
	return notice.Holds(key, account.Expiration, now), nil
}

// absent is nil when the error says that there is no such record.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
