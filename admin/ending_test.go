package admin_test

import (
	"errors"
	"fmt"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// What is asked before something ends is refused exactly where the end would be: for each authority on each, and for the last admin.
func TestChecksAgreeWithWhatTheyAnnounce(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		disabled, none, suspended := true, []policy.Role{}, true
		robot := policy.KindService
		stale := admin.IfMatch{Given: true, Tags: []admin.Tag{"another"}}
		patch := func(p admin.UserPatch) [2]func(attempt) error {
			return [2]func(attempt) error{
				func(a attempt) error { _, err := a.CheckPatchUser(a, a.actor, a.in, a.user.ID, p); return err },
				func(a attempt) error { _, err := a.PatchUser(a, a.actor, a.in, a.user.ID, p); return err },
			}
		}
		remove := func(condition admin.IfMatch) [2]func(attempt) error {
			return [2]func(attempt) error{
				func(a attempt) error { return a.CheckRemoveMember(a, a.actor, a.in, a.user.ID, condition) },
				func(a attempt) error { return a.RemoveMember(a, a.actor, a.in, a.user.ID, condition) },
			}
		}
		for name, both := range map[string][2]func(attempt) error{
			"disable": patch(admin.UserPatch{Disabled: &disabled}), "demote": patch(admin.UserPatch{Roles: &none}),
			"robot": patch(admin.UserPatch{Kind: &robot}), "stale": patch(admin.UserPatch{Disabled: &disabled, IfMatch: stale}),
			"remove": remove(admin.IfMatch{}), "remove stale": remove(stale),
			"suspend": {
				func(a attempt) error { _, err := a.CheckSuspendTenant(a, a.actor, a.in, admin.IfMatch{}); return err },
				func(a attempt) error {
					_, err := a.PatchTenant(a, a.actor, a.in, admin.TenantPatch{Suspended: &suspended})
					if err == nil {
						_, err = a.PatchTenant(a, a.actor, a.in, admin.TenantPatch{Suspended: new(bool)})
					}
					return err
				},
			},
		} {
			for _, actor := range ranks() {
				for _, target := range ranks() {
					a := w.attempt(actor, target)
					before := fmt.Sprintf("%+v", w.recordOf(a.user))
					said := both[0](a)
					if after := fmt.Sprintf("%+v", w.recordOf(a.user)); after != before {
						t.Errorf("asking about %s changed something", name)
					}
					if got := both[1](a); !errors.Is(kindOf(got), kindOf(said)) {
						t.Errorf("%s by %s on %s: asked %v, then %v", name, actor.Role(), target.Role(), said, got)
					}
				}
			}
		}
	})
}

func kindOf(err error) error {
	for _, kind := range []error{policy.ErrLastAdmin, policy.ErrNotGrantable, policy.ErrHigherAuthority, admin.ErrPreconditionFailed} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return err
}
