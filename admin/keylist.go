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
	Text   string // in the client ID, the user's name or e-mail address, or the label; without case
}

// of visits those of the keys of the members that are listed and match, in order, each with its expiry.
func (f KeyFilter) of(members []*listedMember, p policy.ExpirationPolicy, now time.Time) iter.Seq2[*listedKey, time.Time] {
	text := strings.ToLower(f.Text)
	return func(yield func(*listedKey, time.Time) bool) {
		for _, m := range members {
			if f.UserID != "" && m.userID != f.UserID {
				continue
			}
			everyKey := m.contains(text)
			for i := range m.keys {
				key := &m.keys[i]
				if !everyKey && !key.contains(text) {
					continue
				}
				expiry := p.Expiry(key.secretIssued)
				if policy.Purgeable(expiry, now) || f.Status != "" && policy.StatusAt(expiry, now) != f.Status {
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

// Keys lists the keys of the tenant of the place that have not expired so long ago that they are gone (R14). The cursor is empty on
// the last page.
func (o *Office) Keys(ctx context.Context, actor Actor, in Place, filter KeyFilter, page KeyPage) (keys []Key, next string, err error) {
	after := parseCursor(page.After)
	if filter == (KeyFilter{}) {
		keys, next, err = o.keysInOrder(ctx, actor, in, after, page.Limit)
	} else {
		keys, next, err = o.keysThatMatch(ctx, actor, in, filter, after, page.Limit)
	}
	if err != nil {
		return nil, "", err
	}
	return keys, next, o.addLastAccess(ctx, in.Tenant.ID, keys)
}

// keysInOrder reads no more of the tenant than the page needs.
func (o *Office) keysInOrder(ctx context.Context, actor Actor, in Place, after cursor, limit int) (keys []Key, next string, err error) {
	for key, err := range o.walk(ctx, in, after, actor.At) {
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

func (o *Office) keysThatMatch(ctx context.Context, actor Actor, in Place, filter KeyFilter, after cursor, limit int) (keys []Key, next string, err error) {
	members, err := o.roster(ctx, in)
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
	keys, err = o.readKeys(ctx, in, page)
	return keys, next, err
}

// readKeys reads the keys that a page shows. One that was revoked meanwhile is left out.
func (o *Office) readKeys(ctx context.Context, in Place, page []*listedKey) ([]Key, error) {
	owners := make([]string, len(page))
	for i, key := range page {
		owners[i] = key.owner.userID
	}
	slices.Sort(owners)
	owners = slices.Compact(owners)
	memberships, err := o.Store.MembershipsByID(ctx, in.Tenant.ID, owners)
	if err != nil {
		return nil, err
	}
	users, err := o.Store.UsersByID(ctx, in.Account.ID, owners)
	var keys []Key
	for _, listed := range page {
		m := memberships[listed.owner.userID]
		if key, err := m.Key(listed.clientID); err == nil {
			keys = append(keys, Key{AccessKey: key, Membership: m, User: users[m.UserID]})
		}
	}
	return keys, err
}

// OwnKeys lists the actor's keys in the actor's tenant.
func (o *Office) OwnKeys(ctx context.Context, actor Actor, page KeyPage) (keys []Key, next string, err error) {
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
	return keys, next, o.addLastAccess(ctx, actor.Tenant.ID, keys)
}

// Key returns one listed key of the tenant of the place, or store.ErrNotFound: a key of another tenant is none (R1).
func (o *Office) Key(ctx context.Context, actor Actor, in Place, clientID string) (Key, error) {
	key, _, err := o.findUsedKey(ctx, in, clientID, actor.At)
	return key, err
}

// findUsedKey is findKey with the last access, which views of a key show.
func (o *Office) findUsedKey(ctx context.Context, in Place, clientID string, now time.Time) (Key, policy.Subject, error) {
	key, subject, err := o.findKey(ctx, in, clientID, now)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	keys := []Key{key}
	err = o.addLastAccess(ctx, in.Tenant.ID, keys)
	return keys[0], subject, err
}

func (o *Office) findKey(ctx context.Context, in Place, clientID string, now time.Time) (Key, policy.Subject, error) {
	subject, err := o.Store.SubjectByClientID(ctx, clientID)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	found, err := subject.Membership.Key(clientID)
	if err != nil || subject.Tenant.ID != in.Tenant.ID || found.Purgeable(subject.Account.Expiration, now) {
		return Key{}, policy.Subject{}, store.ErrNotFound
	}
	return Key{AccessKey: found, Membership: subject.Membership, User: subject.User}, subject, nil
}

func (o *Office) addLastAccess(ctx context.Context, tenantID string, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = key.ClientID
	}
	times, err := o.lastAccess(ctx, tenantID, ids)
	for i := range keys {
		keys[i].LastAccess = times[keys[i].ClientID]
	}
	return err
}

// lastAccess returns when the keys were last used, by client ID, with what is not saved yet.
func (o *Office) lastAccess(ctx context.Context, tenantID string, clientIDs []string) (map[string]time.Time, error) {
	times, err := o.Store.AccessTimes(ctx, tenantID, clientIDs)
	if o.RecentAccess != nil {
		times = o.RecentAccess(tenantID, times, clientIDs)
	}
	return times, err
}

// walkSize is how many memberships are read at once where a whole tenant is walked.
const walkSize = 500

// walk visits the listed keys of a tenant in order, from the cursor on.
func (o *Office) walk(ctx context.Context, in Place, after cursor, now time.Time) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		next := store.Page{After: after.userID, Limit: walkSize}
		memberships, err := o.resumeAt(ctx, in.Tenant.ID, after)
		for err == nil {
			var users map[string]policy.User
			if users, err = o.Store.UsersByID(ctx, in.Account.ID, userIDs(memberships)); err != nil {
				break
			}
			for _, m := range memberships {
				for _, key := range listed(m, in.Account.Expiration, now) {
					if m.UserID == after.userID && key.ClientID <= after.clientID {
						continue
					}
					if !yield(Key{AccessKey: key, Membership: m, User: users[m.UserID]}, nil) {
						return
					}
				}
				next.After = max(next.After, m.UserID)
			}
			if memberships, err = o.Store.Memberships(ctx, in.Tenant.ID, next); err == nil && len(memberships) == 0 {
				return
			}
		}
		yield(Key{}, err)
	}
}

// resumeAt returns the membership that the last page ended in: its second key may still be due.
func (o *Office) resumeAt(ctx context.Context, tenantID string, after cursor) ([]policy.Membership, error) {
	if after.userID == "" {
		return nil, nil
	}
	m, err := o.Store.Membership(ctx, tenantID, after.userID)
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
