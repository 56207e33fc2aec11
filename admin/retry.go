package admin

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// errClaimed ends a change that has nothing to do, because another request with the same secret was quicker.
var errClaimed = errors.New("claimed already")

// Request identifies what a caller asked for, so that its repeat is known (R37). The zero value is a request without an Idempotency-Key.
type Request struct {
	IdempotencyKey string
	Digest         policy.Digest // of the path and the body
}

// retry names the request by digests: of whoever asks and the Idempotency-Key, and of what they ask for.
func (a Actor) retry(r Request) policy.Retry {
	if r.IdempotencyKey == "" {
		return policy.Retry{}
	}
	caller := sha256.Sum256([]byte(strings.Join([]string{a.User.ID, a.ClientID, r.IdempotencyKey}, "\x00")))
	return policy.Retry{Key: caller, Request: r.Digest}
}

// retried remembers, for as long as a request can be repeated, what each Idempotency-Key came with. Memberships remember it too, together
// with what the request made; this also finds a key that comes again with a request about somebody else.
func (s *Service) retried() ephemeral.Records[retriedRecord] {
	return ephemeral.Records[retriedRecord]{Store: s.Store, Prefix: "idempotency/"}
}

type retriedRecord struct {
	Request policy.Digest `json:"request"`
	At      time.Time     `json:"at"`
}

// repetition is a request that may be a repeat, with all that is needed to carry it out as one.
type repetition struct {
	policy.Retry
	actor Actor
	owner policy.Subject
	fresh policy.Secret
	how   policy.Refresh             // see replacing
	uses  map[string]store.KeyAccess // of the owner's keys
}

// repetitionOf is policy.ErrRetryDiffers if the Idempotency-Key came with another request before. fresh is the secret that the request
// makes.
func (s *Service) repetitionOf(
	ctx context.Context, actor Actor, owner policy.Subject, request Request, fresh policy.Secret,
) (r repetition, err error) {
	r = repetition{Retry: actor.retry(request), actor: actor, owner: owner, fresh: fresh}
	if r.how, err = s.replacing(ctx, actor.At); err != nil || r.IsZero() {
		return r, err
	}
	before, err := s.retried().Get(ctx, r.id())
	switch {
	case err == nil && before.Request != r.Request && actor.At.Before(before.At.Add(policy.RetryLives)):
		return r, policy.ErrRetryDiffers
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return r, err
	}
	// A server that could not save a claim (see ClaimSecret) has recorded the use none the less.
	keys := make([]Key, len(owner.Membership.Keys))
	for i, key := range owner.Membership.Keys {
		keys[i].AccessKey = key
	}
	err = s.addLastAccess(ctx, owner.Tenant.ID, keys)
	r.uses = map[string]store.KeyAccess{}
	for _, key := range keys {
		r.uses[key.ClientID] = key.LastAccess
	}
	return r, err
}

func (r repetition) id() string {
	text, _ := r.Key.MarshalText() // never fails
	return string(text)
}

// changeOnce is changeMembership for a request that may be repeated. That it is remembered outside of the membership is a help to careless
// callers, so nothing fails with it.
func (s *Service) changeOnce(ctx context.Context, m policy.Membership, r repetition, change store.MembershipChange) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		if err := s.changeMembership(ctx, m.TenantID, m.UserID, change); err != nil || r.IsZero() {
			return err
		}
		record := retriedRecord{r.Request, r.actor.At}
		if err := s.retried().Put(ctx, r.id(), record, r.actor.At.Add(policy.RetryLives)); err != nil {
			s.Log.WarnContext(ctx, "remembering an Idempotency-Key failed", slog.Any("error", err))
		}
		return nil
	})
}

// repeated is what a repeat has come to.
type repeated struct {
	done    bool // otherwise it is none
	after   policy.Membership
	key     policy.AccessKey
	dropped []string // scopes that the key has lost
	events  []policy.Event
}

// repeat carries the request out if it is a repeat: it replaces the lost secret only, or nothing for a key that waits to be picked up. The
// secret is shown to the actor, who may do less by now than whoever saw the first (R9).
func (r repetition) repeat(m policy.Membership) (repeated, error) {
	record, found, err := m.Repeated(r.Retry, r.actor.At)
	if err != nil || !found {
		return repeated{after: m}, err
	}
	before, err := m.Key(record.ClientID)
	switch {
	case err != nil:
		return repeated{after: m}, err
	case !r.uses[record.ClientID].OfSecret(before.SecretIssuedAt()).IsZero():
		return repeated{after: m}, policy.ErrRetryUsed
	case len(before.Secrets) == 0:
		return repeated{done: true, after: m, key: before}, nil
	}
	after, dropped, err := m.WithHandedOutKey(record.ClientID, r.owner, r.actor.Authority(), false)
	if err != nil {
		return repeated{after: m}, err
	}
	if after, err = after.WithReplacedSecret(r.Retry, r.fresh, r.how, r.owner.Account.Expiration, r.actor.At); err != nil {
		return repeated{after: m}, err
	}
	key, err := after.Key(record.ClientID)
	event := keyEvent(r.actor, policy.ActionKeyRefreshed, m, key, map[string]string{policy.DetailRepeated: "true"})
	event.Payload.Revoked = policy.TokensLost(before, key, r.actor.At)
	event.Announce = event.Payload.Revoked != nil // the first request has told the owner
	return repeated{true, after, key, dropped, []policy.Event{event}}, err
}

// ClaimSecret records that a secret was used for the first time, where a repeat of the request that made it could still replace it (R37).
// It is policy.ErrWrongSecret or policy.ErrKeyNotFound if that has happened since the subject was read, and store.ErrConflict if the key
// has changed hands. While the store takes no changes it does nothing: a program that has the secret must not be refused for that.
func (s *Service) ClaimSecret(ctx context.Context, of policy.Subject, clientID string, secret policy.Secret, now time.Time) error {
	if !of.Membership.Unclaimed(secret.Digest, now) {
		return nil
	}
	ctx = store.WithoutConfirmation(ctx) // a token waits for no replica
	err := s.Store.UpdateMembership(ctx, of.Tenant.ID, of.User.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		after, err := m.WithClaimed(clientID, secret.Digest)
		if err == nil && !m.Unclaimed(secret.Digest, now) {
			err = errClaimed // nothing to save
		}
		return after, nil, err
	})
	switch {
	case errors.Is(err, errClaimed):
		return nil
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrSchemaTooNew):
		s.Log.WarnContext(ctx, "recording the first use of a secret failed", slog.String("client_id", clientID), slog.Any("error", err))
		return nil
	case errors.Is(err, store.ErrNotFound):
		err = policy.ErrKeyNotFound
	}
	return s.unlessMoved(ctx, clientID, err)
}
