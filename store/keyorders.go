package store

import (
	"context"
	"time"
)

// DatedKey is an access key in an order of time: when its current secret was issued, or its own end.
type DatedKey struct {
	TenantID string
	UserID   string
	ClientID string
	At       time.Time `json:"IssuedAt"` // the name under which servers save how far they have come
}

// KeyOrders list access keys in the orders of time in which something comes due for them, so that it is found without a full scan.
// UpdateMembership keeps them. Both list keys of an account that come after the given position and have their time at or before until,
// oldest first, then by tenant, user and client ID. The zero DatedKey is the start. At most limit, which must be positive.
type KeyOrders interface {
	// KeysByIssue goes by when the current secret was issued: under one policy keys expire in this order.
	KeysByIssue(ctx context.Context, accountID string, after DatedKey, until time.Time, limit int) ([]DatedKey, error)
	// EachKeyByIssue visits the same keys from one time to another, both included, in no order: for who needs them all. It ends with an
	// error of visit. A key that changes meanwhile may be visited twice or not at all.
	EachKeyByIssue(ctx context.Context, accountID string, from, until time.Time, visit func(DatedKey) error) error
	// KeysByEnd goes by the keys' own ends (R33). Keys without one are not in it.
	KeysByEnd(ctx context.Context, accountID string, after DatedKey, until time.Time, limit int) ([]DatedKey, error)
}
