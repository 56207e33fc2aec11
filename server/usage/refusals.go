package usage

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

const (
	maxRefusals  = 10_000 // pairs of client and reason within a minute
	refusalEvery = time.Minute
)

// Refusals records failed authentications of clients for the audit trail, which has the reason that the answer withholds (R24). Those
// of one client for one reason become one event a minute, and the number of pending events is bounded, so that guessing cannot fill
// the store.
type Refusals struct {
	saved      store.AuditTrail
	owners     Owners
	traffic    *Traffic
	isClientID func(string) bool // by its form
	markKey    []byte            // of LoggedClientID; random, and gone with the process
	metrics    Metrics
	log        *slog.Logger
	counts     *batch[refusalKey, refusalCount]
	recent     everyMinute[refusalKey]
}

// Owners finds the owner of an access key, even of a revoked one. The error is store.ErrNotFound if no account ever had the client.
type Owners interface {
	OwnerOf(ctx context.Context, clientID string) (owner admin.KeyOwner, revoked bool, err error)
}

type refusalKey struct {
	clientID string
	reason   store.Outcome
}

type refusalCount struct {
	count   int
	address string
	at      time.Time // of the last one
}

func (c refusalCount) plus(more refusalCount) refusalCount {
	sum := c
	if more.at.After(c.at) {
		sum = more
	}
	sum.count = c.count + more.count
	return sum
}

// Note records that a client was refused.
func (r *Refusals) Note(clientID, address string, reason store.Outcome, at time.Time) {
	if reason != store.RefusedUnknownClient { // which may be a revoked one: see write
		r.metrics.ClientRefused(reason, 1)
	}
	r.counts.add(refusalKey{clientID, reason}, refusalCount{1, address, at})
}

// flush writes the events due at now, all at once. Those that cannot be written go to the log.
func (r *Refusals) flush(ctx context.Context, now time.Time) (int, error) {
	return r.counts.flush(func(taken map[refusalKey]refusalCount) (map[refusalKey]refusalCount, error) {
		due, left := r.recent.due(taken, now)
		r.write(ctx, due)
		return left, nil
	})
}

func (r *Refusals) write(ctx context.Context, due map[refusalKey]refusalCount) {
	var events []policy.Event
	var written []refusalKey
	for key, refused := range due {
		owner, revoked, err := r.owners.OwnerOf(ctx, key.clientID)
		if key.reason == store.RefusedUnknownClient && !revoked {
			r.metrics.ClientRefused(key.reason, refused.count)
		}
		if err != nil {
			r.warn(ctx, key, refused, err)
			continue
		}
		reason := key.reason
		if revoked && reason == store.RefusedUnknownClient { // the refusal itself could not tell the owner of a revoked key
			reason = store.RefusedRevoked
			source := store.TrafficSource{AccountID: owner.AccountID, TenantID: owner.TenantID, ClientID: key.clientID}
			r.traffic.Note(source, refused.at, reason, refused.count)
			r.metrics.ClientRefused(reason, refused.count)
		}
		events, written = append(events, refusalEvent(owner, key.clientID, reason, refused)), append(written, key)
	}
	if len(events) == 0 {
		return
	}
	if err := r.saved.RecordEvents(ctx, events...); err != nil {
		for _, key := range written {
			r.warn(ctx, key, due[key], err)
		}
	}
}

// warn logs what the audit trail can't have: the refusal of a client that no account ever had, or one that could not be saved.
func (r *Refusals) warn(ctx context.Context, key refusalKey, refused refusalCount, err error) {
	r.log.WarnContext(ctx, "client refused", slog.String("client_id", r.LoggedClientID(key.clientID)),
		slog.String("reason", key.reason.String()), slog.Int("count", refused.count), slog.String("address", refused.address),
		slog.Any("error", err))
}

// LoggedClientID is what may be logged of a client ID: a mark for what has not the form of one, because somebody may have typed a password
// there. Equal texts have equal marks within one process. The mark is an HMAC with a key that is never written down, so that whoever reads
// the log cannot try passwords on it.
func (r *Refusals) LoggedClientID(text string) string {
	if r.isClientID(text) {
		return text
	}
	mac := hmac.New(sha256.New, r.markKey)
	_, _ = mac.Write([]byte(text)) // never fails
	return "unknown, mark " + hex.EncodeToString(mac.Sum(nil)[:6])
}

func refusalEvent(owner admin.KeyOwner, clientID string, reason store.Outcome, refused refusalCount) policy.Event {
	return policy.Event{
		ID: newEventID(refused.at), At: refused.at, Action: policy.ActionTokenRefused,
		Actor:     policy.Actor{Via: "api", Address: refused.address},
		AccountID: owner.AccountID, TenantID: owner.TenantID, UserID: owner.UserID, ClientID: clientID,
		Details: map[string]string{"reason": reason.String(), "count": strconv.Itoa(refused.count)},
	}
}

func newEventID(at time.Time) string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.NewEventID(at, random)
}
