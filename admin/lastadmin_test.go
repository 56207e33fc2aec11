package admin_test

import (
	"errors"
	"sync"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// goings are the ways in which somebody stops acting as an admin.
func goings() map[string]func(a attempt) error {
	none, disabled := []policy.Role{}, true
	return map[string]func(a attempt) error{
		"demote": func(a attempt) error {
			_, err := a.PatchUser(a, a.actor, a.in, a.user.ID, admin.UserPatch{Roles: &none})
			return err
		},
		"disable": func(a attempt) error {
			_, err := a.PatchUser(a, a.actor, a.in, a.user.ID, admin.UserPatch{Disabled: &disabled})
			return err
		},
		"delete": func(a attempt) error { return a.DeleteUser(a, a.actor, a.in, a.user.ID, admin.IfMatch{}) },
		"remove": func(a attempt) error { return a.RemoveMember(a, a.actor, a.in, a.user.ID, admin.IfMatch{}) },
	}
}

// Two admins end each other's office at the same time, on two servers and by whichever route: one of them stays, and only one (R32).
func TestOneAdminStaysUnderRaces(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		for first, one := range goings() {
			for second, other := range goings() {
				for _, role := range []policy.Authority{policy.AuthorityAccountAdmin, policy.AuthorityOperator} {
					errs := w.race(role, one, other)
					left := 0
					for _, err := range errs {
						switch {
						case errors.Is(err, policy.ErrLastAdmin):
							left++
						case err != nil:
							t.Errorf("%s and %s: %v", first, second, err)
						}
					}
					if left != 1 {
						t.Errorf("%s and %s of the only two with the role %s: %v; want one refusal", first, second, role.Role(), errs)
					}
				}
			}
		}
	})
}

// race makes two admins, the only ones, has each be put out of office by the other, and clears up.
func (w *town) race(role policy.Authority, goings ...func(attempt) error) []error {
	w.Helper()
	attempts := make([]attempt, len(goings))
	for i := range attempts {
		attempts[i] = w.attempt(role, role)
		attempts[i].Service = w.services[i]
		must(w, w.store.DeleteUser(w.Context(), "acme", attempts[i].actor.User.ID)) // only the two targets stay
	}
	attempts[0].actor.User, attempts[1].actor.User = attempts[1].user, attempts[0].user
	errs := make([]error, len(goings))
	var all sync.WaitGroup
	for i, attempt := range attempts {
		all.Go(func() { errs[i] = goings[i](attempt) })
	}
	all.Wait()
	for _, a := range attempts {
		if err := w.store.DeleteUser(w.Context(), "acme", a.user.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			w.Fatal(err)
		}
	}
	return errs
}

// A departure that a crash has cut off counts for a minute, and then no more.
func TestADepartureThatWasCutOffIsForgotten(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a, b := w.attempt(policy.AuthorityOperator, policy.AuthorityOperator), w.attempt(policy.AuthorityOperator, policy.AuthorityOperator)
		for _, extra := range []attempt{a, b} { // the actors are admins too
			must(t, w.store.DeleteUser(t.Context(), "acme", extra.actor.User.ID))
		}
		left := `[{"user_id":"` + b.user.ID + `","at":"` + w.at.Format("2006-01-02T15:04:05Z") + `"}]`
		must(t, w.store.UpdateDocument(t.Context(), "admin-departures", func([]byte) ([]byte, error) { return []byte(left), nil }))
		if err := goings()["demote"](a); !errors.Is(err, policy.ErrLastAdmin) {
			t.Errorf("while the other one leaves: %v", err)
		}
		if err := goings()["demote"](b); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a second departure of the same user: %v", err)
		}
		a.actor.At = a.actor.At.Add(61e9)
		must(t, goings()["demote"](a))
	})
}
