package admin_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// person is a member of berlin who acts in the console, without a second factor.
func (w *town) person() admin.Actor {
	w.Helper()
	user := w.admit(policy.AuthorityMember)
	must(w, w.store.UpdateUser(w.Context(), "acme", user.ID, func(u policy.User) (policy.User, []policy.Event, error) {
		u.Passkeys, u.RecoveryCodes = nil, nil
		return u, nil, nil
	}))
	return admin.Actor{Subject: w.recordOf(user), Via: admin.ViaConsole, At: w.at}
}

func TestRecoveryCodesComeOnceAndWorkOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 2, open)
		actor, service := w.person(), w.services[0]
		codes, err := service.AddPasskey(t.Context(), actor, policy.Passkey{ID: "a", Name: "Phone"})
		must(t, err)
		if len(codes) != policy.RecoveryCodes || len(slices.Compact(slices.Sorted(slices.Values(codes)))) != policy.RecoveryCodes {
			t.Fatalf("codes %v", codes)
		}
		more, err := service.AddPasskey(t.Context(), actor, policy.Passkey{ID: "b", Name: "Key"})
		if must(t, err); more != nil {
			t.Errorf("a second passkey brought %v", more)
		}
		for _, code := range codes {
			if text := w.recordOf(actor.User).User.RecoveryCodes; slices.Contains(text, code) {
				t.Error("a code is stored as it is")
			}
		}

		var wins, refusals int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				typed := codes[0]
				if i%2 == 0 {
					typed = " " + strings.ToLower(strings.ReplaceAll(typed, "-", " "))
				}
				left, err := w.services[i%2].UseRecoveryCode(t.Context(), actor, typed)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && left == policy.RecoveryCodes-1:
					wins++
				case errors.Is(err, policy.ErrWrongRecoveryCode), errors.Is(err, store.ErrConflict):
					refusals++
				default:
					t.Errorf("%d left: %v", left, err)
				}
			})
		}
		if all.Wait(); wins != 1 || refusals != 7 {
			t.Errorf("one code worked %d times", wins)
		}

		fresh, err := service.NewRecoveryCodes(t.Context(), actor)
		must(t, err)
		if _, err := service.UseRecoveryCode(t.Context(), actor, codes[1]); !errors.Is(err, policy.ErrWrongRecoveryCode) {
			t.Errorf("an old code: %v", err)
		}
		_, err = service.UseRecoveryCode(t.Context(), actor, fresh[1])
		must(t, err)
	})
}

// Of two copies of a device that are used at once, one is refused.
func TestTwoCopiesOfAPasskeyAtOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 2, open)
		actor := w.person()
		_, err := w.services[0].AddPasskey(t.Context(), actor, policy.Passkey{ID: "a", Name: "Phone", SignCount: 4})
		must(t, err)
		errs := make([]error, 2)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = w.services[i].UsePasskey(t.Context(), actor, "a", 5, 0) })
		}
		all.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), policy.ErrPasskeyCopied) {
			t.Errorf("%v", errs)
		}
	})
}

func TestNobodyButThePersonTouchesTheirPasskeys(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		service, person := w.services[0], w.person()
		program, robot := person, person
		program.ClientID, program.Via = "mk_1", "api"
		for name, row := range map[string]struct {
			actor admin.Actor
			want  error
		}{"a program": {program, policy.ErrNotGrantable}, "a robot": {robot, policy.ErrServiceUser}} {
			if name == "a robot" {
				must(t, w.store.UpdateUser(t.Context(), "acme", robot.User.ID, func(u policy.User) (policy.User, []policy.Event, error) {
					return u.AsRobot(w.at), nil, nil
				}))
			}
			_, add := service.AddPasskey(t.Context(), row.actor, policy.Passkey{ID: "x", Name: "x"})
			_, remove := service.RemovePasskey(t.Context(), row.actor, "x")
			_, renew := service.NewRecoveryCodes(t.Context(), row.actor)
			_, code := service.UseRecoveryCode(t.Context(), row.actor, "x")
			use := service.UsePasskey(t.Context(), row.actor, "x", 1, 0)
			for _, err := range []error{add, remove, renew, code, use} {
				if !errors.Is(err, row.want) {
					t.Errorf("%s: %v, want %v", name, err, row.want)
				}
			}
		}
	})
}

// Whoever requires a second factor of admins has one, so that nobody shuts themselves out.
func TestOnlySomebodyWithAPasskeyRequiresOne(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		service, person := w.services[0], w.person()
		_, err := service.SetSecondFactor(t.Context(), person, w.place(0), policy.SecondFactorRequiredForAdmins)
		if !errors.Is(err, policy.ErrNoPasskey) {
			t.Fatalf("without a passkey: %v", err)
		}
		_, err = service.AddPasskey(t.Context(), person, policy.Passkey{ID: "a", Name: "Phone"})
		must(t, err)
		person.Subject = w.recordOf(person.User)
		account, err := service.SetSecondFactor(t.Context(), person, w.place(0), policy.SecondFactorRequiredForAdmins)
		must(t, err)
		kept := w.recordOf(person.User).Account.SecondFactorOf()
		if account.SecondFactorOf() != policy.SecondFactorRequiredForAdmins || kept != account.SecondFactorOf() {
			t.Errorf("%v", account)
		}
	})
}

func TestSignInsDoNotChangeTheTagOfAUser(t *testing.T) {
	u := policy.User{ID: "ada", Passkeys: []policy.Passkey{{ID: "a", SignCount: 1}}, RecoveryCodes: []string{"x"}}
	after := u.Clone()
	after.Passkeys[0].SignCount, after.RecoveryCodes = 2, nil
	if admin.UserTag(u) != admin.UserTag(after) {
		t.Error("a form that was opened before a sign-in can't be saved after it")
	}
}
