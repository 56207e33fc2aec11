package console_test

import (
	"context"
	"testing"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// interrupted is a store in which something happens once, just before a sign-in looks for the user's tenants: the password was checked, or
// the user was found by the address that the provider confirmed.
type interrupted struct {
	store.Store
	once func(store.Store)
}

func (i *interrupted) TenantsOf(ctx context.Context, accountID, userID string) ([]string, error) {
	if once := i.once; once != nil {
		i.once = nil
		once(i.Store)
	}
	return i.Store.TenantsOf(ctx, accountID, userID)
}

// interrupt lets something happen during the next sign-in.
func interrupt(once func(store.Store)) func(*server.Options) {
	return func(o *server.Options) { o.Store = &interrupted{o.Store, once} }
}

// changeGrace returns a change of grace, as it is saved.
func changeGrace(t *testing.T, change func(policy.User) policy.User) func(store.Store) {
	return func(s store.Store) {
		err := s.UpdateUser(t.Context(), "acme", "grace", func(u policy.User) (policy.User, []policy.Event, error) {
			return change(u), nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A sign-in that is under way when its password is replaced, or its user disabled, gets no session, even if the change is undone (R8).
func TestSignInUnderWayDoesNotOutliveAChange(t *testing.T) {
	for name, change := range map[string]func(policy.User) policy.User{
		"another password": func(u policy.User) policy.User { return u.WithPassword("$argon2id$another", start) },
		"disabled and enabled": func(u policy.User) policy.User {
			return u.WithDisabled(true, start).WithDisabled(false, start)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, interrupt(changeGrace(t, change)))
			v := h.visitor()
			v.post("/console/sign-in", form{"email": {"grace@acme.example"}, "password": {password}}).want(401)
			if v.signedIn() {
				t.Error("the old password has given a session that goes on")
			}
		})
	}
}

// An e-mail address that is given to another user while its former holder signs in at the provider binds nobody: the identity of the former
// holder would let them in as that user for good.
func TestProviderSignInUnderWayBindsNobodyElse(t *testing.T) {
	moved := func(u policy.User) policy.User { return u.WithEmail("successor@acme.example", start) }
	h, _, _ := openIDHarness(t, interrupt(changeGrace(t, moved)))
	v := h.visitor()
	v.arrive("grace-1").want(403)
	if v.signedIn() {
		t.Error("signed in as a user who has another address by now")
	}
	user, err := h.store.User(t.Context(), "acme", "grace")
	h.must(err)
	if user.OpenID != (policy.Identity{}) {
		t.Errorf("the user is bound to %v", user.OpenID)
	}
}
