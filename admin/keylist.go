package admin

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

// KeyFilter selects access keys; empty fields select all.
type KeyFilter struct {
	UserID string
	Status policy.Status
	Text   string // each word in the client ID, the user's name or e-mail address, or the label: see policy.NewSearch
}

// of visits the listed keys of the members that match, in order, each with its expiry.
func (f KeyFilter) of(members []*listedMember, p policy.ExpirationPolicy, now time.Time) iter.Seq2[*listedKey, time.Time] {
	search := policy.NewSearch(f.Text)
	return func(yield func(*listedKey, time.Time) bool) {
		for _, m := range members {
			if f.UserID != "" && m.userID != f.UserID {
				continue
			}
			rest := search.Beyond(m.foldedName, m.foldedEmail)
			for i := range m.keys {
				key := &m.keys[i]
				if len(rest) > 0 && !rest.In(key.foldedID, key.foldedLabel) {
					continue
				}
				expiry := key.expiry(p)
				if policy.Purgeable(expiry, now) || f.Status != "" && policy.StatusAt(expiry, key.suspended, now) != f.Status {
					continue
				}
				if !yield(key, expiry) {
					return
				}
			}
		}
	}
}

// KeyPage asks for part of a list of access keys, which is ordered by user ID, then by client ID.
type KeyPage struct {
	After string // the cursor that the last page returned; empty for the start
	Limit int
}

// Keys lists the keys of the tenant, without those that expired so long ago that they no longer show (R14). The cursor is empty on the
// last page.
func (s *Service) Keys(
	ctx context.Context, actor Actor, in TenantContext, filter KeyFilter, page KeyPage,
) (keys []Key, next string, err error) {
	after := parseCursor(page.After)
	if filter == (KeyFilter{}) {
		keys, next, err = s.keysInOrder(ctx, actor, in, after, page.Limit)
	} else {
		keys, next, err = s.keysThatMatch(ctx, actor, in, filter, after, page.Limit)
	}
	if err != nil {
		return nil, "", err
	}
	return keys, next, s.addLastAccess(ctx, in.Tenant.ID, keys)
}

// keysInOrder reads no more of the tenant than the page needs.
func (s *Service) keysInOrder(
	ctx context.Context, actor Actor, in TenantContext, after cursor, limit int,
) (keys []Key, next string, err error) {
	for key, err := range s.walk(ctx, in, after, actor.At, min(limit+1, walkSize)) { // most members have a key or two
		if err != nil {
			return nil, "", err
		}
		if len(keys) == limit {
			return keys, cursorAt(keys[limit-1]), nil
		}
		keys = append(keys, key)
	}
	return keys, "", nil
}

func (s *Service) keysThatMatch(
	ctx context.Context, actor Actor, in TenantContext, filter KeyFilter, after cursor, limit int,
) (keys []Key, next string, err error) {
	members, err := s.memberIndex(ctx, in)
	if err != nil {
		return nil, "", err
	}
	from, _ := slices.BinarySearchFunc(members, after.userID, func(m *listedMember, id string) int { return strings.Compare(m.userID, id) })
	var page []*listedKey
	for key := range filter.of(members[from:], in.Account.Expiration, actor.At) {
		if key.owner.userID == after.userID && key.clientID <= after.clientID {
			continue
		}
		if len(page) == limit {
			next = page[limit-1].owner.userID + "/" + page[limit-1].clientID
			break
		}
		page = append(page, key)
	}
	keys, err = s.readKeys(ctx, in, page)
	return keys, next, err
}

// readKeys reads the keys that a page shows. One that was revoked meanwhile is left out.
func (s *Service) readKeys(ctx context.Context, in TenantContext, page []*listedKey) ([]Key, error) {
	owners := make([]string, len(page))
	for i, key := range page {
		owners[i] = key.owner.userID
	}
	slices.Sort(owners)
	owners = slices.Compact(owners)
	members, err := s.membersByID(ctx, in, owners)
	var keys []Key
	for _, listed := range page {
		m := members[listed.owner.userID]
		if key, err := m.Key(listed.clientID); err == nil {
			keys = append(keys, Key{AccessKey: key, Membership: m.Membership, User: m.User})
		}
	}
	return keys, err
}

// OwnKeys lists the actor's keys in the actor's tenant.
func (s *Service) OwnKeys(ctx context.Context, actor Actor, page KeyPage) (keys []Key, next string, err error) {
	after := parseCursor(page.After)
	for _, key := range listed(actor.Membership, actor.Account.Expiration, actor.At) {
		if key.ClientID > after.clientID {
			keys = append(keys, Key{AccessKey: key, Membership: actor.Membership, User: actor.User})
		}
	}
	if len(keys) > page.Limit {
		keys = keys[:page.Limit]
		next = cursorAt(keys[page.Limit-1])
	}
	return keys, next, s.addLastAccess(ctx, actor.Tenant.ID, keys)
}

// Key returns one listed key of the tenant, or store.ErrNotFound: a key of another tenant does not exist here (R1).
func (s *Service) Key(ctx context.Context, actor Actor, in TenantContext, clientID string) (Key, error) {
	key, _, err := s.findUsedKey(ctx, in, clientID, actor.At)
	return key, err
}

// findUsedKey is findKey with the last access, which views of a key show.
func (s *Service) findUsedKey(ctx context.Context, in TenantContext, clientID string, now time.Time) (Key, policy.Subject, error) {
	key, subject, err := s.findKey(ctx, in, clientID, now)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	keys := []Key{key}
	err = s.addLastAccess(ctx, in.Tenant.ID, keys)
	return keys[0], subject, err
}

func (s *Service) findKey(ctx context.Context, in TenantContext, clientID string, now time.Time) (Key, policy.Subject, error) {
	subject, err := s.Store.SubjectByClientID(ctx, clientID)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	found, err := subject.Membership.Key(clientID)
	if err != nil || subject.Tenant.ID != in.Tenant.ID || found.Purgeable(subject.Account.Expiration, now) {
		return Key{}, policy.Subject{}, store.ErrNotFound
	}
	return Key{AccessKey: found, Membership: subject.Membership, User: subject.User}, subject, nil
}

func (s *Service) addLastAccess(ctx context.Context, tenantID string, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = key.ClientID
	}
	saved, err := s.Store.Accesses(ctx, tenantID, ids)
	recent := s.recentAccess(tenantID, ids)
	for i := range keys {
		keys[i].LastAccess = saved[keys[i].ClientID].Plus(recent[keys[i].ClientID])
	}
	return err
}

// recentAccess returns uses of keys that are not saved yet, by client ID.
func (s *Service) recentAccess(tenantID string, clientIDs []string) map[string]store.KeyAccess {
	if s.RecentAccess == nil {
		return nil
	}
	return s.RecentAccess(tenantID, clientIDs)
}

// walkSize is how many memberships are read at once where a whole tenant is walked.
const walkSize = 500

// walk visits the listed keys of a tenant in order, from the cursor on. It reads so many memberships at once.
func (s *Service) walk(ctx context.Context, in TenantContext, after cursor, now time.Time, atOnce int) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		next := store.Page{After: after.userID, Limit: atOnce}
		memberships, err := s.resumeAt(ctx, in.Tenant.ID, after)
		for err == nil {
			var members []Member
			if members, err = s.withUsers(ctx, in, memberships); err != nil {
				break
			}
			for _, m := range members {
				for _, key := range listed(m.Membership, in.Account.Expiration, now) {
					if m.UserID == after.userID && key.ClientID <= after.clientID {
						continue
					}
					if !yield(Key{AccessKey: key, Membership: m.Membership, User: m.User}, nil) {
						return
					}
				}
			}
			if len(memberships) > 0 {
				next.After = max(next.After, memberships[len(memberships)-1].UserID)
			}
			if memberships, err = s.Store.Memberships(ctx, in.Tenant.ID, next); err == nil && len(memberships) == 0 {
				return
			}
		}
		yield(Key{}, err)
	}
}

// resumeAt returns the membership that the last page ended in: its second key may belong on this page.
func (s *Service) resumeAt(ctx context.Context, tenantID string, after cursor) ([]policy.Membership, error) {
	if after.userID == "" {
		return nil, nil
	}
	m, err := s.Store.Membership(ctx, tenantID, after.userID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return []policy.Membership{m}, err
}

func listed(m policy.Membership, p policy.ExpirationPolicy, now time.Time) []policy.AccessKey {
	keys := slices.DeleteFunc(slices.Clone(m.Keys), func(k policy.AccessKey) bool { return k.Purgeable(p, now) })
	slices.SortFunc(keys, func(a, b policy.AccessKey) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return keys
}

// cursor is where a page of keys ended.
type cursor struct {
	userID   string
	clientID string
}

func parseCursor(text string) cursor {
	user, client, _ := strings.Cut(text, "/")
	return cursor{user, client}
}

func cursorAt(k Key) string { return k.Membership.UserID + "/" + k.ClientID }
