package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Logins records uses of passwords, in one document for each tenant, so that admins see who still has to move to access keys.
type Logins struct {
	saved loginStore
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

// Of returns the uses of passwords in a tenant by user ID, including those that are not saved yet.
func (l *Logins) Of(ctx context.Context, tenantID string) (map[string]store.PasswordUse, error) {
	document, err := l.saved.Document(ctx, loginsDocument(tenantID))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	uses, err := parseUses(document)
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
	return uses, nil
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

// save drops those who are no members any more, so that the document does not grow with everybody who ever was one.
func (l *Logins) save(ctx context.Context, tenantID string, uses map[string]store.PasswordUse) error {
	left, err := l.whoLeft(ctx, tenantID)
	if err != nil {
		return err
	}
	return l.saved.UpdateDocument(ctx, loginsDocument(tenantID), func(old []byte) ([]byte, error) {
		saved, err := parseUses(old)
		if err != nil {
			return nil, err
		}
		for _, userID := range left {
			delete(saved, userID)
		}
		for userID, use := range uses {
			saved[userID] = saved[userID].Plus(use)
		}
		return json.Marshal(saved)
	})
}

// whoLeft are the users of the document who are no members of the tenant.
func (l *Logins) whoLeft(ctx context.Context, tenantID string) ([]string, error) {
	document, err := l.saved.Document(ctx, loginsDocument(tenantID))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	saved, err := parseUses(document)
	if err != nil {
		return nil, err
	}
	ids := slices.Collect(maps.Keys(saved))
	members, err := l.saved.MembershipsByID(ctx, tenantID, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		_, ok := members[id]
		return ok
	}), nil
}

func parseUses(document []byte) (map[string]store.PasswordUse, error) {
	uses := map[string]store.PasswordUse{}
	if document == nil {
		return uses, nil
	}
	return uses, json.Unmarshal(document, &uses)
}
