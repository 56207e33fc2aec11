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

const tombstoneKept = 90 * policy.Day

// tombstones are by client ID. The prefix is that of version 1.
func (s *Service) tombstones() ephemeral.Records[KeyOwner] {
	return ephemeral.Records[KeyOwner]{Store: s.Store, Prefix: "grave/"}
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
	owner, err = s.tombstones().Get(ctx, clientID)
	return owner, err == nil, err
}

// saveTombstone serves the audit trail alone. If it fails, the key is revoked all the same.
func (s *Service) saveTombstone(ctx context.Context, event policy.Event) {
	owner := KeyOwner{event.AccountID, event.TenantID, event.UserID}
	if err := s.tombstones().Put(ctx, event.ClientID, owner, event.At.Add(tombstoneKept)); err != nil {
		s.Log.WarnContext(ctx, "saving the owner of a revoked key failed", slog.String("client_id", event.ClientID), slog.Any("error", err))
	}
}
