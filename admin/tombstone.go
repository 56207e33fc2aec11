package admin

import (
	"context"
	"errors"
	"log/slog"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// KeyOwner is the owner of an access key. It is kept as the tombstone of a revoked key, so that the audit trail can tell a program that
// still uses the key from a stranger (R24).
type KeyOwner struct {
	AccountID string `json:"account_id"`
	TenantID  string `json:"tenant_id"`
	UserID    string `json:"user_id"`
}

// tombstone is kept of a revoked key. Until its revocation was answered with success, it has the event that tells gateways.
type tombstone struct {
	KeyOwner
	Untold *policy.Event `json:"untold,omitempty"`
}

const tombstoneKept = 90 * policy.Day

// tombstones are by client ID. The prefix is that of version 1.
func (s *Service) tombstones() ephemeral.Records[tombstone] {
	return ephemeral.Records[tombstone]{Store: s.Store, Prefix: "grave/"}
}

// OwnerOf returns the owner of an access key that exists or, with revoked true, of one that was revoked in the last 90 days. It returns
// store.ErrNotFound for any other client ID.
func (s *Service) OwnerOf(ctx context.Context, clientID string) (owner KeyOwner, revoked bool, err error) {
	subject, err := s.Store.SubjectByClientID(ctx, clientID)
	if err == nil {
		return KeyOwner{AccountID: subject.Account.ID, TenantID: subject.Tenant.ID, UserID: subject.User.ID}, false, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return KeyOwner{}, false, err
	}
	found, err := s.tombstones().Get(ctx, clientID)
	return found.KeyOwner, err == nil, err
}

// saveTombstone is saveRevocation of a key that went with something else, which can be repeated by itself.
func (s *Service) saveTombstone(ctx context.Context, event policy.Event) {
	s.saveRevocation(ctx, event, false)
}

// saveRevocation writes the tombstone of a key that is being revoked, open until that is told. It tries twice, because the answer may be
// lost. If it fails, as in a Redis that is full, the key is revoked all the same: then the audit trail does not know whose it was, and a
// repeat may be answered as if the key had never been there, or succeed once more.
func (s *Service) saveRevocation(ctx context.Context, event policy.Event, open bool) {
	record := tombstone{KeyOwner: KeyOwner{event.AccountID, event.TenantID, event.UserID}}
	if open {
		record.Untold = &event
	}
	put := func() error { return s.tombstones().Put(ctx, event.ClientID, record, event.At.Add(tombstoneKept)) }
	err := put()
	if err != nil && !errors.Is(err, store.ErrUnconfirmed) {
		err = put()
	}
	if err != nil {
		s.Log.WarnContext(ctx, "saving the owner of a revoked key failed", slog.String("client_id", event.ClientID), slog.Any("error", err))
	}
}
