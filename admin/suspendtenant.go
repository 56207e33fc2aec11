package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// TenantPatch changes a tenant; nil fields stay as they are.
type TenantPatch struct {
	Name            *string
	TokensPerMinute *int      // 0 takes the quota away (R36)
	NoticeAddresses *[]string // who gets the notices beside the owners (R16); an empty list is nobody
	Suspended       *bool
	SuspendedReason string // why, where Suspended is true
	IfMatch         IfMatch
}

// PatchTenant changes a tenant. A patch that changes nothing leaves no event.
//
// Suspending one is a single record that stops all its keys and ends all tokens, sessions and links of its members there; resuming it gives
// back the keys, except those that were suspended on their own (R8). Nobody suspends a tenant that has a member of higher authority, and
// the last admin who can act keeps a tenant to act in (R32). What was suspended is ErrInEffect if no replica of the store has confirmed it.
func (s *Service) PatchTenant(ctx context.Context, actor Actor, in TenantContext, patch TenantPatch) (policy.Tenant, error) {
	err := cmp.Or(checkQuota(patch.TokensPerMinute), policy.CheckReason(patch.SuspendedReason))
	if patch.Name != nil {
		err = cmp.Or(policy.CheckName(*patch.Name), err)
	}
	if patch.NoticeAddresses != nil {
		addresses, addressesErr := policy.ParseNoticeAddresses(*patch.NoticeAddresses)
		patch.NoticeAddresses, err = &addresses, cmp.Or(err, addressesErr)
	}
	if err != nil {
		return policy.Tenant{}, err
	}
	if patch.Suspended == nil || !*patch.Suspended {
		_, after, err := s.patchTenant(ctx, actor, in, patch, time.Time{})
		return after, err
	}
	var after policy.Tenant
	err = store.ConfirmOnce(ctx, func(ctx context.Context) (err error) {
		after, err = s.suspendTenant(ctx, actor, in, patch)
		return err
	})
	return after, inEffect(err)
}

// suspendTenant looks at the members before the write and once more after it, because some may join in between, or get more authority: the
// tenant goes on then, as it was before. It is store.ErrConflict if they are admins who would have had to be asked about (R32). A status
// index that a member was given in between ends as well.
func (s *Service) suspendTenant(ctx context.Context, actor Actor, in TenantContext, patch TenantPatch) (after policy.Tenant, err error) {
	known, err := s.lookAtMembers(ctx, actor, in)
	if err != nil {
		return policy.Tenant{}, err
	}
	err = s.suspendUnlessLast(ctx, actor, in.Tenant.ID, known.admins, func() error {
		var before policy.Tenant
		if before, after, err = s.patchTenant(ctx, actor, in, patch, known.latest); err != nil {
			return err
		}
		now, err := s.lookAtMembers(ctx, actor, in)
		if err == nil && now.hasOtherAdminsThan(known) {
			err = store.ErrConflict
		}
		switch {
		case !before.IsSuspended() && (errors.Is(err, policy.ErrHigherAuthority) || errors.Is(err, store.ErrConflict)):
			_, _, undoErr := s.patchTenant(ctx, actor, in, patch.undo(before), time.Time{})
			return errors.Join(err, undoErr)
		case err == nil && now.latest.After(after.EndedBefore):
			again := patch
			again.IfMatch = IfMatch{} // the tenant is no longer as the caller has read it
			_, after, err = s.patchTenant(ctx, actor, in, again, now.latest)
		}
		return err
	})
	return after, err
}

// membersSeen is what the suspension of a tenant has to know of the members.
type membersSeen struct {
	admins  []policy.User // of the account or of the server
	members int
	latest  time.Time // when the newest status index was given, perhaps by the clock of a server that is ahead
}

func (seen membersSeen) hasOtherAdminsThan(before membersSeen) bool {
	return slices.ContainsFunc(seen.admins, func(u policy.User) bool {
		return !slices.ContainsFunc(before.admins, func(known policy.User) bool {
			return known.ID == u.ID && slices.Equal(known.AdminRoles(), u.AdminRoles())
		})
	})
}

// lookAtMembers goes through the members of a tenant. It is a policy.AuthorityError if one is of higher authority than the actor.
func (s *Service) lookAtMembers(ctx context.Context, actor Actor, in TenantContext) (seen membersSeen, err error) {
	for page := (store.Page{Limit: walkSize}); ; {
		memberships, err := s.Store.Memberships(ctx, in.Tenant.ID, page)
		if err != nil {
			return seen, err
		}
		members, err := s.withUsers(ctx, in, memberships)
		if err != nil {
			return seen, err
		}
		for _, m := range members {
			if err := policy.CheckOver(actor.Authority(), policy.Subject{User: m.User, Membership: m.Membership}.Standing()); err != nil {
				return seen, err
			}
			seen.members++
			if len(m.User.AdminRoles()) > 0 {
				seen.admins = append(seen.admins, m.User)
			}
			if latest := m.LatestIndex(); latest.After(seen.latest) {
				seen.latest = latest
			}
		}
		if len(memberships) < walkSize {
			return seen, nil
		}
		page.After = memberships[len(memberships)-1].UserID
	}
}

// patchTenant saves a patch. latest is when the newest status index of a member was given, which a suspension ends.
func (s *Service) patchTenant(
	ctx context.Context, actor Actor, in TenantContext, patch TenantPatch, latest time.Time,
) (before, after policy.Tenant, err error) {
	var saved []policy.Event
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		err := s.Store.UpdateTenant(ctx, in.Tenant.ID, func(t policy.Tenant) (policy.Tenant, []policy.Event, error) {
			before = t
			if err := patch.IfMatch.check(TenantTag(t)); err != nil {
				return t, nil, err
			}
			after, saved, err = patch.apply(actor, t, latest)
			return after, saved, err
		})
		for _, event := range saved {
			if err == nil {
				_ = s.publish(ctx, event) // logged, and the outbox retries
			}
		}
		return err
	})
	return before, after, err
}

// undo is the patch that gives the tenant back what this one took, when it was not suspended before.
func (p TenantPatch) undo(before policy.Tenant) TenantPatch {
	back := TenantPatch{Suspended: new(bool)}
	if p.Name != nil {
		back.Name = &before.Name
	}
	if p.TokensPerMinute != nil {
		back.TokensPerMinute = &before.TokensPerMinute
	}
	if p.NoticeAddresses != nil {
		back.NoticeAddresses = &before.NoticeAddresses
	}
	return back
}

// apply returns the tenant after the patch, with an event for each thing that has changed.
func (p TenantPatch) apply(actor Actor, t policy.Tenant, latest time.Time) (policy.Tenant, []policy.Event, error) {
	var events []policy.Event
	record := func(action policy.Action, details map[string]string) *policy.Event {
		event := actor.event(action, t.AccountID)
		event.TenantID, event.Details = t.ID, details
		events = append(events, event)
		return &events[len(events)-1]
	}
	changed := map[string]string{}
	if p.Name != nil && *p.Name != t.Name {
		changed["name"], changed[policy.DetailNameBefore] = *p.Name, t.Name
		t.Name = *p.Name
	}
	if p.TokensPerMinute != nil && *p.TokensPerMinute != t.TokensPerMinute {
		t.TokensPerMinute = *p.TokensPerMinute
		changed[policy.DetailTokensPerMinute] = quotaText(t.TokensPerMinute)
	}
	if p.NoticeAddresses != nil && !slices.Equal(*p.NoticeAddresses, t.NoticeAddresses) {
		t.NoticeAddresses = slices.Clone(*p.NoticeAddresses)
		changed[policy.DetailNoticeAddresses] = cmp.Or(strings.Join(t.NoticeAddresses, " "), "none")
	}
	if len(changed) > 0 {
		record(policy.ActionTenantUpdated, changed)
	}
	if p.Suspended == nil {
		return t, events, nil
	}
	before := t
	if *p.Suspended {
		by := policy.Suspension{At: actor.At, By: actor.User.ID, Reason: p.SuspendedReason}
		t = t.WithSuspended(by, actor.Authority().Role(), latest)
		if t.Suspension() != before.Suspension() || t.SuspendedAs != before.SuspendedAs || !t.EndedBefore.Equal(before.EndedBefore) {
			event := record(policy.ActionTenantSuspended, reasonDetails(p.SuspendedReason))
			event.Announce, event.Payload.Ended = true, &policy.EndedTokens{Until: t.EndedBefore}
		}
		return t, events, nil
	}
	if !t.IsSuspended() {
		return t, events, nil
	}
	if err := policy.CheckResumeTenant(actor.Authority(), t); err != nil {
		return t, nil, err
	}
	t = t.WithResumed()
	record(policy.ActionTenantResumed, nil).Announce = true
	return t, events, nil
}
