package grants

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"mintkey/server/clients"
	"mintkey/server/limits"
	"mintkey/server/web"
	"mintkey/store"
)

// quotaError is rendered as 429, with how long to wait.
type quotaError struct{ tooMany *limits.TooManyError }

// Error says whose quota it is. Whoever reads it has just proved to be the key's holder.
func (e *quotaError) Error() string {
	budget := e.tooMany.Budget
	return fmt.Sprintf("The quota of %d tokens a minute of the %s is used up: try again in %s, and use each token until it expires.",
		budget.Rate.Burst, budget.Per, e.tooMany.Wait())
}

func (*quotaError) Is(target error) bool        { return target == web.ErrQuotaExceeded }
func (e *quotaError) RetryAfter() time.Duration { return e.tooMany.RetryAfter }

// meter takes one token from the quotas of the access key and of its tenant (R36), or nothing at all. Without a quota it asks nobody. A
// quota that is used up refuses the token or, with QuotaReportOnly, is only reported.
func (e *Endpoint) meter(ctx context.Context, h Holder) (limits.Reservation, error) {
	var takes []limits.Take
	if h.Quota > 0 {
		takes = append(takes, limits.TokenOfKey(h.ClientID, h.Quota))
	}
	if quota := h.Tenant.TokensPerMinute; quota > 0 {
		takes = append(takes, limits.TokenOfTenant(h.Tenant.ID, quota))
	}
	if len(takes) == 0 {
		return limits.Reservation{}, nil
	}
	reserved, err := e.Limits.Reserve(ctx, takes)
	tooMany, ok := errors.AsType[*limits.TooManyError](err)
	if !ok {
		return reserved, err
	}
	e.Metrics.QuotaExceeded(tooMany.Budget.Name, e.QuotaReportOnly)
	if e.QuotaReportOnly {
		e.report(ctx, h, tooMany)
		return limits.Reservation{}, nil
	}
	return limits.Reservation{}, &clients.RefusedError{Reason: store.RefusedQuota, As: &quotaError{tooMany}}
}

// report logs a client that is past a quota, each at most once a minute.
func (e *Endpoint) report(ctx context.Context, h Holder, tooMany *limits.TooManyError) {
	if e.Limits.Seldom(ctx, tooMany.Budget.Name+"/"+h.ClientID) {
		e.Log.WarnContext(ctx, "quota exceeded; only reported", slog.String("budget", tooMany.Budget.Name),
			slog.Int("tokens_per_minute", tooMany.Budget.Rate.Burst), slog.String("client_id", h.ClientID), slog.String("tenant_id", h.Tenant.ID))
	}
}
