package server

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// keyView is an access key as callers see it. Its secret is not here: nothing has it.
type keyView struct {
	ClientID       string        `json:"client_id"`
	TenantID       string        `json:"tenant_id"`
	UserID         string        `json:"user_id"`
	UserName       string        `json:"user_name"`
	Email          string        `json:"email"`
	Label          string        `json:"label"`
	Scopes         []string      `json:"scopes"`
	Status         policy.Status `json:"status"`
	CreatedAt      time.Time     `json:"created_at"`
	SecretIssuedAt time.Time     `json:"secret_issued_at"`
	LastAccessAt   *time.Time    `json:"last_access_at"`
	ExpiresAt      *time.Time    `json:"expires_at"`
	Marks          []policy.Mark `json:"marks"`
}

// secretView is the one response that shows a client secret (R3).
type secretView struct {
	keyView
	ClientSecret         string     `json:"client_secret"`
	PreviousSecretEndsAt *time.Time `json:"previous_secret_ends_at,omitempty"`
}

// ownedKey is an access key with whose it is.
type ownedKey struct {
	policy.AccessKey
	membership policy.Membership
	user       policy.User
}

func (k ownedKey) view(p policy.ExpirationPolicy, lastAccess, now time.Time) keyView {
	return keyView{
		ClientID: k.ClientID, TenantID: k.membership.TenantID, UserID: k.user.ID, UserName: k.user.Name, Email: k.user.Email,
		Label: k.Label, Scopes: append([]string{}, k.Scopes...), Status: k.Status(p, now),
		CreatedAt: k.CreatedAt.UTC(), SecretIssuedAt: k.SecretIssuedAt().UTC(),
		LastAccessAt: orNull(lastAccess), ExpiresAt: orNull(k.Expiry(p)), Marks: k.Marks(lastAccess, p, now),
	}
}

// walkSize is how many memberships are read at once where a whole tenant is walked.
const walkSize = 500

// keysOf walks the listed keys of a tenant by user ID, then by client ID, from the given place on.
func (s *Server) keysOf(ctx context.Context, account policy.Account, tenantID string, after keyCursor, now time.Time) iter.Seq2[ownedKey, error] {
	return func(yield func(ownedKey, error) bool) {
		next := store.Page{After: after.userID, Limit: walkSize}
		members, err := s.resumeAt(ctx, tenantID, after)
		for err == nil {
			var users map[string]policy.User
			if users, err = s.store.UsersByID(ctx, account.ID, userIDs(members)); err != nil {
				break
			}
			for _, m := range members {
				for _, key := range listedKeys(m, account.Expiration, now) {
					if m.UserID == after.userID && key.ClientID <= after.clientID {
						continue
					}
					if !yield(ownedKey{key, m, users[m.UserID]}, nil) {
						return
					}
				}
				next.After = max(next.After, m.UserID)
			}
			if members, err = s.store.Memberships(ctx, tenantID, next); err == nil && len(members) == 0 {
				return
			}
		}
		yield(ownedKey{}, err)
	}
}

// resumeAt returns the membership that the last page ended in: its second key may still be due.
func (s *Server) resumeAt(ctx context.Context, tenantID string, after keyCursor) ([]policy.Membership, error) {
	if after.userID == "" {
		return nil, nil
	}
	m, err := s.store.Membership(ctx, tenantID, after.userID)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	return []policy.Membership{m}, nil
}

func listedKeys(m policy.Membership, p policy.ExpirationPolicy, now time.Time) []policy.AccessKey {
	keys := slices.DeleteFunc(slices.Clone(m.Keys), func(k policy.AccessKey) bool { return k.Purgeable(p, now) })
	slices.SortFunc(keys, func(a, b policy.AccessKey) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return keys
}

// keyCursor is where a page of keys ended.
type keyCursor struct {
	userID   string
	clientID string
}

func parseKeyCursor(text string) keyCursor {
	user, client, _ := strings.Cut(text, "/")
	return keyCursor{user, client}
}

func (k keyCursor) String() string { return k.userID + "/" + k.clientID }

// keyFilter selects keys of a list.
type keyFilter struct {
	userID string
	status policy.Status
	text   string // in the client ID, the user's name or e-mail address, or the label; without case
}

func (f keyFilter) matches(k ownedKey, p policy.ExpirationPolicy, now time.Time) bool {
	if f.userID != "" && k.user.ID != f.userID || f.status != "" && k.Status(p, now) != f.status {
		return false
	}
	return f.text == "" || slices.ContainsFunc([]string{k.ClientID, k.user.Name, k.user.Email, k.Label}, func(part string) bool {
		return strings.Contains(strings.ToLower(part), strings.ToLower(f.text))
	})
}

// findKey returns a listed key of the tenant, or ErrNotFound: a key of another tenant is none (R1).
func (s *Server) findKey(ctx context.Context, tenantID, clientID string, now time.Time) (ownedKey, policy.Subject, error) {
	subject, err := s.store.SubjectByClientID(ctx, clientID)
	if err != nil {
		return ownedKey{}, policy.Subject{}, err
	}
	key, err := subject.Membership.Key(clientID)
	if err != nil || subject.Tenant.ID != tenantID || key.Purgeable(subject.Account.Expiration, now) {
		return ownedKey{}, policy.Subject{}, store.ErrNotFound
	}
	return ownedKey{key, subject.Membership, subject.User}, subject, nil
}

// lastAccess returns when the keys were last used, by client ID.
func (s *Server) lastAccess(ctx context.Context, tenantID string, clientIDs []string) (map[string]time.Time, error) {
	saved, err := s.store.AccessTimes(ctx, tenantID, clientIDs)
	if err != nil {
		return nil, err
	}
	return s.access.overlay(tenantID, saved, clientIDs), nil
}

// viewKeys renders keys of the call's tenant.
func (s *Server) viewKeys(c *call, keys []ownedKey) ([]keyView, error) {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = key.ClientID
	}
	used, err := s.lastAccess(c.Context(), c.tenant.ID, ids)
	if err != nil {
		return nil, err
	}
	views := make([]keyView, len(keys))
	for i, key := range keys {
		views[i] = key.view(c.account.Expiration, used[key.ClientID], c.about.At)
	}
	return views, nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
