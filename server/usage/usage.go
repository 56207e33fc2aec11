package usage

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"mintkey/logs"
	"mintkey/policy"
	"mintkey/store"
)

// Store is where usage is saved.
type Store interface {
	store.AccessTimes
	store.Traffic
	store.AuditTrail
	store.Documents
	User(ctx context.Context, accountID, id string) (policy.User, error)
	MembershipsByID(ctx context.Context, tenantID string, userIDs []string) (map[string]policy.Membership, error)
}

// Metrics counts for operators, at once, what Flush saves later.
type Metrics interface {
	// ClientRefused counts refusals of clients for a reason.
	ClientRefused(reason store.Outcome, n int)
	// SignInRefused and SignedIn count attempts at a session of the console, by their method.
	SignInRefused(method string)
	SignedIn(method string)
}

// Usage holds all the recorders. They may be used from many goroutines.
type Usage struct {
	Access   *Access
	Traffic  *Traffic
	Logins   *Logins
	Refusals *Refusals
	SignIns  *SignIns
	log      *slog.Logger
	outages  *logs.Outages
}

// New returns an empty Usage. Flush saves what it recorded, and outages has its failures. isClientID says whether a text has the form of a
// client ID.
func New(
	saved Store, owners Owners, isClientID func(string) bool, metrics Metrics, log *slog.Logger, outages *logs.Outages,
) *Usage {
	traffic := &Traffic{saved, newBatch[store.TrafficKey](maxTraffic, store.TrafficCounts.Plus)}
	return &Usage{
		Access:  &Access{saved, newBatch[store.KeyRef](0, store.KeyAccess.Plus)},
		Traffic: traffic,
		Logins:  &Logins{saved, log, newBatch[loginKey](0, store.PasswordUse.Plus)},
		Refusals: &Refusals{
			saved: saved, owners: owners, traffic: traffic, isClientID: isClientID, metrics: metrics, log: log,
			markKey: []byte(rand.Text()),
			counts:  newBatch[refusalKey](maxRefusals, refusalCount.plus),
		},
		SignIns: &SignIns{
			saved: saved, metrics: metrics, log: log, counts: newBatch[policy.RefusedSignIn](maxRefusals, refusalCount.plus),
		},
		log:     log,
		outages: outages,
	}
}

// Flush saves what was recorded so far. What can't be saved waits for the next call.
func (u *Usage) Flush(ctx context.Context, now time.Time) {
	for _, part := range []struct {
		name, failed string
		flush        func() (dropped int, err error)
	}{
		{"last access", "saving last access failed; will retry", func() (int, error) { return u.Access.flush(ctx) }},
		{"password logins", "saving password logins failed; will retry", func() (int, error) { return u.Logins.flush(ctx) }},
		// Before traffic, because it adds that of revoked keys.
		{"refusals", "saving refusals failed; will retry", func() (int, error) { return u.Refusals.flush(ctx, now) }},
		{"sign-ins", "saving sign-ins failed; will retry", func() (int, error) { return u.SignIns.flush(ctx, now) }},
		{"traffic", "saving traffic failed; will retry", func() (int, error) { return u.Traffic.flush(ctx) }},
	} {
		dropped, err := part.flush()
		u.outages.Note(ctx, u.log, slog.LevelWarn, now, err, part.failed)
		if dropped > 0 {
			u.log.WarnContext(ctx, "usage buffer full; counts dropped", slog.String("usage", part.name), slog.Int("dropped", dropped))
		}
	}
}
