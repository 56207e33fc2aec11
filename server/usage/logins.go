package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Logins records uses of passwords, in one document for each tenant, so that admins see who still has to move to access keys.
type Logins struct {
	saved loginStore
	log   *slog.Logger
	uses  *batch[loginKey, store.PasswordUse]
}

type loginStore interface {
	store.Documents
	MembershipsByID(ctx context.Context, tenantID string, userIDs []string) (map[string]policy.Membership, error)
}

type loginKey struct{ tenantID, userID string }

// Note records that a user signed in with a password.
func (l *Logins) Note(tenantID, userID, address string, at time.Time) {
	l.uses.add(loginKey{tenantID, userID}, store.PasswordUse{LastAt: at, Count: 1, Address: address})
}

// Of returns the uses of passwords in a tenant by the ID of the member, including those that are not saved yet.
func (l *Logins) Of(ctx context.Context, tenantID string) (map[string]store.PasswordUse, error) {
	uses, err := l.read(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	l.uses.read(func(pending map[loginKey]store.PasswordUse) {
		for key, use := range pending {
			if key.tenantID == tenantID {
				uses[key.userID] = uses[key.userID].Plus(use)
			}
		}
	})
	return uses, l.keepMembers(ctx, tenantID, uses)
}

func loginsDocument(tenantID string) string { return "password-logins-" + tenantID }

func (l *Logins) flush(ctx context.Context) (int, error) {
	return l.uses.flush(func(taken map[loginKey]store.PasswordUse) (map[loginKey]store.PasswordUse, error) {
		tenants := map[string]map[string]store.PasswordUse{}
		for key, use := range taken {
			if tenants[key.tenantID] == nil {
				tenants[key.tenantID] = map[string]store.PasswordUse{}
			}
			tenants[key.tenantID][key.userID] = use
		}
		left := map[loginKey]store.PasswordUse{}
		var failures []error
		for tenantID, uses := range tenants {
			if err := l.save(ctx, tenantID, uses); err != nil {
				failures = append(failures, fmt.Errorf("tenant %s: %w", tenantID, err))
				for userID, use := range uses {
					left[loginKey{tenantID, userID}] = use
				}
			}
		}
		return left, errors.Join(failures...)
	})
}

// save adds the uses. Only when somebody is new to the document does it look for who has left the tenant, so that the document does not
// grow with everybody who ever was a member, and what is saved each second reads no member.
func (l *Logins) save(ctx context.Context, tenantID string, uses map[string]store.PasswordUse) error {
	grown := false
	err := l.update(ctx, tenantID, func(saved map[string]store.PasswordUse) {
		before := len(saved)
		for userID, use := range uses {
			saved[userID] = saved[userID].Plus(use)
		}
		grown = len(saved) > before
	})
	if err == nil && grown {
		if err := l.forgetWhoLeft(ctx, tenantID); err != nil {
			l.log.WarnContext(ctx, "forgetting password logins failed", slog.String("tenant_id", tenantID), slog.Any("error", err))
		}
	}
	return err
}

// forgetWhoLeft drops the users who are no members of the tenant, except for those who have used a password meanwhile.
func (l *Logins) forgetWhoLeft(ctx context.Context, tenantID string) error {
	read, err := l.read(ctx, tenantID)
	if err != nil {
		return err
	}
	left := maps.Clone(read)
	if err := l.keepMembers(ctx, tenantID, read); err != nil {
		return err
	}
	maps.DeleteFunc(left, func(userID string, _ store.PasswordUse) bool { _, member := read[userID]; return member })
	if len(left) == 0 {
		return nil
	}
	return l.update(ctx, tenantID, func(saved map[string]store.PasswordUse) {
		maps.DeleteFunc(saved, func(userID string, use store.PasswordUse) bool {
			was, gone := left[userID]
			return gone && use.Count == was.Count
		})
	})
}

// keepMembers takes out the users who are no members of the tenant.
func (l *Logins) keepMembers(ctx context.Context, tenantID string, uses map[string]store.PasswordUse) error {
	members, err := l.saved.MembershipsByID(ctx, tenantID, slices.Collect(maps.Keys(uses)))
	if err != nil {
		return err
	}
	maps.DeleteFunc(uses, func(userID string, _ store.PasswordUse) bool { _, member := members[userID]; return !member })
	return nil
}

func (l *Logins) read(ctx context.Context, tenantID string) (map[string]store.PasswordUse, error) {
	document, err := l.saved.Document(ctx, loginsDocument(tenantID))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return parseUses(document)
}

func (l *Logins) update(ctx context.Context, tenantID string, change func(map[string]store.PasswordUse)) error {
	return l.saved.UpdateDocument(ctx, loginsDocument(tenantID), func(old []byte) ([]byte, error) {
		saved, err := parseUses(old)
		if err != nil {
			return nil, err
		}
		change(saved)
		return json.Marshal(saved)
	})
}

func parseUses(document []byte) (map[string]store.PasswordUse, error) {
	uses := map[string]store.PasswordUse{}
	if document == nil {
		return uses, nil
	}
	return uses, json.Unmarshal(document, &uses)
}
