package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Upcoming is an expiry, or a notice before one, that lies ahead.
type Upcoming struct {
	At         time.Time
	DaysBefore int // of a notice; 0 for the expiry itself
	ClientID   string
	Label      string
	TenantID   string
	UserID     string
	UserName   string
	Email      string
}

// Calendar lists the expiries and notices of the account from now until the given time, soonest first.
func (s *Service) Calendar(ctx context.Context, actor Actor, in TenantContext, until time.Time) ([]Upcoming, error) {
	var upcoming []Upcoming
	days := append(policy.NoticeDays(), 0)
	err := s.eachExpiring(ctx, in.Account, actor.At, until.Add(time.Duration(slices.Max(days))*policy.Day), func(key expiring) {
		for _, before := range days {
			if at := policy.NoticeTime(key.at, before); !at.Before(actor.At) && at.Before(until) {
				upcoming = append(upcoming, Upcoming{
					At: at, DaysBefore: before, ClientID: key.ClientID, TenantID: key.TenantID, UserID: key.UserID,
				})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(upcoming, compareUpcoming)
	return s.named(ctx, in, upcoming)
}

// Outlook returns when access keys of the account expire from now until the given time, in order, and the first of them in full. In an
// account with many keys the times may be half a minute old; those in full are as they are now.
func (s *Service) Outlook(
	ctx context.Context, actor Actor, in TenantContext, until time.Time, full int,
) (times []time.Time, first []Upcoming, err error) {
	ahead := outlook{until: until, first: soonest[Upcoming]{most: full + spare, compare: compareUpcoming}}
	if err := s.eachExpiringHeld(ctx, in.Account, actor.At, until, ahead.visit); err != nil {
		return nil, nil, err
	}
	return s.outlook(ctx, in, &ahead, full)
}

// spare is how many keys are kept to take the place of those that are gone, or were refreshed, since the order was read.
const spare = 100

// OutlookBeside is Outlook together with what a change of the policy would do, of which the first keys are listed: it looks at the keys
// once for both, and as Outlook does: in an account with many keys, what the change would do may be half a minute old. PreviewPolicy is
// exact.
func (s *Service) OutlookBeside(
	ctx context.Context, actor Actor, in TenantContext, change policy.PolicyChange, until time.Time, full, listed int,
) (times []time.Time, first []Upcoming, would Preview, err error) {
	p, err := newPreview(in, change, actor.At, listed)
	if err != nil {
		return nil, nil, Preview{}, err
	}
	ahead := outlook{until: until, first: soonest[Upcoming]{most: full + spare, compare: compareUpcoming}}
	err = s.eachExpiringHeld(ctx, in.Account, actor.At, time.Time{}, func(key expiring) {
		p.visit(key)
		ahead.visit(key)
	})
	if err != nil {
		return nil, nil, Preview{}, err
	}
	times, first, err = s.outlook(ctx, in, &ahead, full)
	return times, first, p.result(), err
}

// outlook is what Outlook collects.
type outlook struct {
	until time.Time
	times []time.Time
	first soonest[Upcoming]
}

func (o *outlook) visit(key expiring) {
	if key.at.IsZero() || !key.at.Before(o.until) {
		return
	}
	o.times = append(o.times, key.at)
	o.first.add(Upcoming{At: key.at, ClientID: key.ClientID, TenantID: key.TenantID, UserID: key.UserID})
}

func (s *Service) outlook(ctx context.Context, in TenantContext, o *outlook, full int) ([]time.Time, []Upcoming, error) {
	slices.SortFunc(o.times, time.Time.Compare)
	var first []Upcoming
	for left := o.first.list(); len(first) < full && len(left) > 0; {
		some := left[:min(full-len(first), len(left))]
		left = left[len(some):]
		named, err := s.named(ctx, in, some)
		if err != nil {
			return nil, nil, err
		}
		first = append(first, named...)
	}
	return o.times, first, nil
}

// soonest keeps the first of many in an order, so that not all have to be kept and sorted.
type soonest[T any] struct {
	most    int
	compare func(a, b T) int
	kept    []T
	sorted  bool // the first of kept, up to most, were in order when they were sorted last: what comes after the last of them is not kept
}

func (s *soonest[T]) add(each T) {
	if s.sorted && s.compare(each, s.kept[s.most-1]) >= 0 {
		return
	}
	if s.kept = append(s.kept, each); len(s.kept) > 2*s.most+100 {
		slices.SortFunc(s.kept, s.compare)
		s.kept, s.sorted = s.kept[:s.most], s.most > 0
	}
}

func (s *soonest[T]) list() []T {
	slices.SortFunc(s.kept, s.compare)
	return s.kept[:min(s.most, len(s.kept))]
}

func compareUpcoming(a, b Upcoming) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ClientID, b.ClientID), cmp.Compare(b.DaysBefore, a.DaysBefore))
}

// named adds what the orders of keys don't have. What belongs to a key that is gone meanwhile, or expires at another time by now, is left
// out.
func (s *Service) named(ctx context.Context, in TenantContext, upcoming []Upcoming) ([]Upcoming, error) {
	named := upcoming[:0]
	for some := range slices.Chunk(upcoming, walkSize) {
		refs, ids := make([]store.MemberRef, len(some)), make([]string, len(some))
		for i, u := range some {
			refs[i], ids[i] = store.MemberRef{TenantID: u.TenantID, UserID: u.UserID}, u.UserID
		}
		memberships, err := s.Store.MembershipsOf(ctx, distinct(refs, store.MemberRef.Compare))
		if err != nil {
			return nil, err
		}
		users, err := s.Store.UsersByID(ctx, in.Account.ID, distinct(ids, strings.Compare))
		if err != nil {
			return nil, err
		}
		for i, u := range some {
			m := memberships[refs[i]]
			user, ok := users[u.UserID]
			key, err := m.Key(u.ClientID)
			if err == nil && ok && m.BelongsTo(user) && u.isOf(key, in.Account.Expiration) {
				u.Label, u.UserName, u.Email = key.Label, user.Name, user.Email
				named = append(named, u)
			}
		}
	}
	return named, nil
}

// isOf says whether the key still expires when it was found to. Orders of keys may have the time less exactly than the key.
func (u Upcoming) isOf(key policy.AccessKey, p policy.ExpirationPolicy) bool {
	expiry := key.Expiry(p)
	return !expiry.IsZero() && policy.NoticeTime(expiry, u.DaysBefore).Sub(u.At).Abs() < time.Second
}

func distinct[T comparable](all []T, compare func(a, b T) int) []T {
	all = slices.SortedFunc(slices.Values(all), compare)
	return slices.Compact(all)
}
