package store

import (
	"context"
	"time"
)

// TrafficCounts counts requests for tokens by their Outcome.
type TrafficCounts [outcomes]int64

// Issued is how many tokens were issued.
func (c TrafficCounts) Issued() int64 { return c[TokenIssued] }

// Refused is how many requests were refused, for any reason.
func (c TrafficCounts) Refused() int64 { return c.Total() - c.Issued() }

// Total is how many requests there were.
func (c TrafficCounts) Total() (sum int64) {
	for _, n := range c {
		sum += n
	}
	return sum
}

// Plus is the sum of both.
func (c TrafficCounts) Plus(other TrafficCounts) TrafficCounts {
	for outcome, n := range other {
		c[outcome] += n
	}
	return c
}

// TrafficPasswords stands for a client ID where tokens are for passwords, which have no client. No access key has this ID.
const TrafficPasswords = "password"

// TrafficSource says whose requests are counted: those of an access key or, without a ClientID, of a whole tenant or, without a
// TenantID either, of a whole account.
type TrafficSource struct {
	AccountID string
	TenantID  string
	ClientID  string
}

// TrafficKey is the requests of one access key within a minute.
type TrafficKey struct {
	TrafficSource // of an access key, or of TrafficPasswords

	Minute int64 // since 1970
}

// TrafficPart is the share that one tenant has in the requests of an account, or one access key in those of a tenant.
type TrafficPart struct {
	ID     string
	Counts TrafficCounts
}

// Traffic keeps statistics of requests for tokens, apart from all records, by minute, hour and day (UTC). They are approximate:
// a batch that is recorded again after an error may count twice, in part or whole. The IDs need not name anything that exists.
type Traffic interface {
	// RecordTraffic adds a batch to what was counted before, by any process.
	RecordTraffic(ctx context.Context, counts map[TrafficKey]TrafficCounts) error
	// Traffic returns the counts of a source for each of the steps of the span, in order.
	Traffic(ctx context.Context, of TrafficSource, span TrafficSpan) ([]TrafficCounts, error)
	// TrafficParts returns the sums over the span by tenant of an account or by access key of a tenant, the most requests first, then by ID.
	// At most limit, which must be positive. Where there are many more, a store may choose by the sums of somewhat longer than the span.
	TrafficParts(ctx context.Context, of TrafficSource, span TrafficSpan, limit int) ([]TrafficPart, error)
	// TrafficRefused is like TrafficParts for those that had refusals, the most refusals first. What was counted before a store ranked
	// refusals may be missing.
	TrafficRefused(ctx context.Context, of TrafficSource, span TrafficSpan, limit int) ([]TrafficPart, error)
	// ForgetTraffic deletes what is older than its step is kept, where the store doesn't do so by itself.
	ForgetTraffic(ctx context.Context, now time.Time) error
}
