package admin_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// ranks are the authorities of members, lowest first.
func ranks() []policy.Authority {
	return []policy.Authority{
		policy.AuthorityMember, policy.AuthorityTenantAdmin, policy.AuthorityAccountAdmin, policy.AuthorityOperator,
	}
}

// attempt is one actor who tries something on another user of the account, who has a key in the tenant in.
type attempt struct {
	context.Context
	*admin.Service
	actor  admin.Actor
	in     admin.TenantContext
	user   policy.User
	client string // the client ID of the user's key
}

// mutation is a method of Service that changes something of somebody, and the least authority that it takes. What scope its route asks for
// comes on top.
type mutation struct {
	method string
	least  func(target policy.Authority) policy.Authority
	try    func(a attempt) error
}

// above is what it takes to act on somebody in a tenant.
func above(target policy.Authority) policy.Authority { return target }

// aboveRoles is what it takes to act on the user of an account: the roles in tenants do not count.
func aboveRoles(target policy.Authority) policy.Authority {
	if target < policy.AuthorityAccountAdmin {
		return policy.AuthorityNone
	}
	return target
}

func mutations() []mutation {
	newKey := func(a attempt) admin.NewKey {
		return admin.NewKey{UserID: a.user.ID, Scopes: []string{policy.ScopeSelf}}
	}
	return []mutation{
		{"CreateUser", aboveRoles, func(a attempt) error {
			_, err := a.CreateUser(a, a.actor, a.in, admin.NewUser{Email: "new-" + a.user.Email, Roles: a.user.Roles})
			return err
		}},
		{"CreateUserWithLink", aboveRoles, func(a attempt) error {
			_, err := a.CreateUserWithLink(a, a.actor, a.in, admin.NewUser{Email: "new-" + a.user.Email, Roles: a.user.Roles})
			return err
		}},
		{"PatchUser", aboveRoles, func(a attempt) error {
			name := "Renamed"
			_, err := a.PatchUser(a, a.actor, a.in, a.user.ID, admin.UserPatch{Name: &name})
			return err
		}},
		{"PatchUser", aboveRoles, func(a attempt) error {
			disabled := true
			_, err := a.PatchUser(a, a.actor, a.in, a.user.ID, admin.UserPatch{Disabled: &disabled})
			return err
		}},
		{"PatchUser", aboveRoles, func(a attempt) error {
			_, err := a.PatchUser(a, a.actor, a.in, a.user.ID, admin.UserPatch{Roles: &[]policy.Role{}})
			return err
		}},
		{"DeleteUser", aboveRoles, func(a attempt) error { return a.DeleteUser(a, a.actor, a.in, a.user.ID, admin.IfMatch{}) }},
		{"SendPasswordLink", aboveRoles, func(a attempt) error { return a.SendPasswordLink(a, a.actor, a.in, a.user.ID) }},
		{"ResetSecondFactor", aboveRoles, func(a attempt) error {
			_, err := a.ResetSecondFactor(a, a.actor, a.in, a.user.ID)
			return err
		}},
		{"SetMember", above, func(a attempt) error {
			_, _, err := a.SetMember(a, a.actor, a.in, a.user.ID, policy.RoleMember, admin.IfMatch{})
			return err
		}},
		{"RemoveMember", above, func(a attempt) error { return a.RemoveMember(a, a.actor, a.in, a.user.ID, admin.IfMatch{}) }},
		{"CreateKey", above, func(a attempt) error { _, _, err := a.CreateKey(a, a.actor, a.in, newKey(a)); return err }},
		{"CreateKeyForPickUp", above, func(a attempt) error {
			_, _, err := a.CreateKeyForPickUp(a, a.actor, a.in, newKey(a))
			return err
		}},
		{"RefreshKey", above, func(a attempt) error {
			_, _, err := a.RefreshKey(a, a.actor, a.in, a.client, admin.RefreshRequest{})
			return err
		}},
		{"PatchKey", above, func(a attempt) error {
			quota := 10
			_, err := a.PatchKey(a, a.actor, a.in, a.client, policy.KeyPatch{TokensPerMinute: &quota}, admin.IfMatch{})
			return err
		}},
		{"SuspendKey", above, func(a attempt) error { _, err := a.SuspendKey(a, a.actor, a.in, a.client, "leaked"); return err }},
		{"ResumeKey", above, func(a attempt) error { _, err := a.ResumeKey(a, a.actor, a.in, a.client, ""); return err }},
		{"EndOverlap", above, func(a attempt) error { return a.EndOverlap(a, a.actor, a.in, a.client, true) }},
		{"RevokeKeys", above, func(a attempt) error {
			result, err := a.RevokeKeys(a, a.actor, a.in, admin.RevokeFilter{UserID: a.user.ID}, false)
			return firstRefusal(result, err)
		}},
		{"RevokeChosen", above, func(a attempt) error {
			result, err := a.RevokeChosen(a, a.actor, a.in, admin.KeyChoice{ClientIDs: []string{a.client}})
			return firstRefusal(result, err)
		}},
		{"SuspendChosen", above, func(a attempt) error {
			result, err := a.SuspendChosen(a, a.actor, a.in, admin.KeyChoice{Filter: admin.KeyFilter{UserID: a.user.ID}}, "")
			return firstRefusal(result, err)
		}},
		{"SessionsOf", aboveRoles, func(a attempt) error {
			_, err := a.SessionsOf(a, a.actor, a.in, a.user.ID)
			return err
		}},
		{"EndSessions", aboveRoles, func(a attempt) error {
			_, err := a.EndSessions(a, a.actor, a.in, a.user.ID)
			return err
		}},
		{"TransferKey", above, func(a attempt) error {
			_, err := a.TransferKey(a, a.actor, a.in, a.client, a.actor.User.ID)
			return err
		}},
		{"RevokeKey", above, func(a attempt) error { return a.RevokeKey(a, a.actor, a.in, a.client, admin.IfMatch{}) }},
	}
}

func firstRefusal(result admin.StoppedKeys, err error) error {
	if err == nil && len(result.Refused) > 0 {
		err = result.Refused[0].Err
	}
	return err
}

// elsewhere names the methods that change nothing of anybody else, and why.
func elsewhere() map[string]string {
	return map[string]string{
		"CreateAccount": "the scope is enough", "CreateTenant": "the scope is enough",
		"PatchTenant":   "a quota: the scope is enough; a suspension: TestSuspendingTenants",
		"SuspendOwnKey": "only one's own", "ResumeOwnKey": "only one's own", "RevokeOwnKey": "only one's own",
		"SetPolicy":       "the scope is enough",
		"SetSecondFactor": "the scope and a passkey of one's own",
		"AddPasskey":      "only one's own", "RemovePasskey": "only one's own", "UsePasskey": "only one's own",
		"NewRecoveryCodes": "only one's own", "UseRecoveryCode": "only one's own",
		"RecordRotation": "the scope is enough", "RefreshOwnKey": "only one's own", "RefreshThisKey": "only the key behind the token",
		"EndOwnOverlap": "only one's own", "PickUpKey": "only one's own", "SignedInAs": "only one's own",
		"ChoosePassword": "whoever has the link", "RequestPasswordLink": "anybody; the mail goes to the user",
		"ReportLeak":     "anybody: whoever has the secret could do worse",
		"PasswordLinkOf": "the outbox", "PickUpOf": "the outbox",
		"KeyOfPickUp": "reads", "CheckPatchUser": "reads", "CheckRemoveMember": "reads", "CheckSuspendTenant": "reads",
		"Accounts": "reads", "Calendar": "reads", "Events": "reads", "FindMembers": "reads", "FindUsers": "reads", "FollowEvents": "reads",
		"Key": "reads", "KeyEvents": "reads", "Keys": "reads", "LastSignIn": "reads",
		"KeyTable": "reads", "Members": "reads", "OwnKeys": "reads", "OwnerOf": "reads", "PasswordLinkUser": "reads", "PreviewPolicy": "reads",
		"PreviewChosen": "reads", "EachKey": "reads", "FindTenants": "reads", "UserTable": "reads", "FindAccounts": "reads",
		"FirstSteps": "reads", "Insights": "reads",
		"Resolve": "reads", "Tenants": "reads", "Traffic": "reads", "User": "reads", "Users": "reads", "UserKeys": "reads", "UsersByID": "reads",
		"WaitingKey": "reads", "Outlook": "reads", "OutlookBeside": "reads", "PreviewPolicyInShort": "reads",
		"SignedIn": "records one's own", "SignedOut": "records one's own",
		"StartSession": "only one's own", "SessionUsed": "only one's own", "EndSession": "only one's own",
		"ChangeOwnPassword": "only one's own", "SetNotifications": "only one's own",
		"EndOtherSessions": "only one's own", "ForgetSessions": "whoever has chosen the password", "OwnSessions": "reads",
		"SignInHistory": "reads", "Session": "reads",
		"SecretIndex": "the token path", "PasswordIndex": "the token path",
		"ClaimSecret": "the token path",
	}
}

// A new method of Service fails here until somebody has said whose authority it asks about (R32).
func TestEveryMutationIsListed(t *testing.T) {
	service := reflect.TypeFor[*admin.Service]()
	listed := map[string]bool{}
	for _, m := range mutations() {
		listed[m.method] = true
	}
	for method := range service.Methods() {
		name := method.Name
		if listed[name] == (elsewhere()[name] != "") {
			t.Errorf("%s is in neither list, or in both: mutations() and elsewhere()", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s is listed and does not exist", name)
	}
}

// Each mutation is tried by an actor of each authority on somebody of each authority. Nobody acts against higher authority, and what was
// refused has changed nothing (R32).
func TestNoMutationActsAgainstHigherAuthority(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		for _, m := range mutations() {
			for _, actor := range ranks() {
				for _, target := range ranks() {
					a := w.attempt(actor, target)
					before := w.recordOf(a.user)
					err := m.try(a)
					name := fmt.Sprintf("%s by %s on %s", m.method, actor.Role(), target.Role())
					switch refused := errors.Is(err, policy.ErrNotGrantable); {
					case refused != (actor < m.least(target)):
						t.Errorf("%s: %v", name, err)
					case err != nil && !refused:
						t.Errorf("%s failed: %v", name, err)
					case refused:
						if diff := cmp.Diff(before, w.recordOf(a.user), cmpopts.EquateComparable(policy.Release{}, policy.Digest{})); diff != "" {
							t.Errorf("%s was refused and changed something:\n%s", name, diff)
						}
					}
				}
			}
		}
	})
}

// recordOf is all that the store holds of a user.
func (w *town) recordOf(user policy.User) policy.Subject {
	w.Helper()
	subject, err := w.store.Subject(w.Context(), "berlin", user.ID)
	must(w, err)
	return subject
}

// attempt makes an actor and a target in berlin, both new. The target has a key that does all that its owner may.
func (w *town) attempt(actor, target policy.Authority) attempt {
	w.Helper()
	acting, aimed := w.admit(actor), w.admit(target)
	subject := w.recordOf(acting)
	return attempt{
		Context: w.Context(), Service: w.services[0], in: w.place(0), user: aimed, client: "mk_" + aimed.ID,
		actor: admin.Actor{
			Subject: subject, Scopes: subject.Cut(policy.AdministrationScopes(), nil), Via: "api", ClientID: "mk_" + acting.ID, At: w.at,
		},
	}
}

// admit makes a user of the authority in berlin, with a key of every administration scope that the authority allows.
func (w *town) admit(authority policy.Authority) policy.User {
	w.Helper()
	w.made++
	id := fmt.Sprintf("user-%d", w.made)
	user := policy.User{ID: id, AccountID: "acme", Name: id, Email: id + "@acme.example", Generation: id, CreatedAt: start}
	user.Passkeys, user.RecoveryCodes = []policy.Passkey{{ID: id, Name: "Phone"}}, []string{"digest"}
	role := policy.RoleMember
	if authority >= policy.AuthorityAccountAdmin {
		user.Roles = []policy.Role{authority.Role()}
	} else {
		role = authority.Role()
	}
	scopes := slices.DeleteFunc(policy.AdministrationScopes(), func(scope string) bool {
		return slices.Contains(policy.ScopesAbove(authority, policy.AdministrationScopes()), scope)
	})
	key := policy.AccessKey{
		ClientID: "mk_" + id, Scopes: scopes, Ceiling: authority.Role(), CreatedAt: start,
		Secrets: []policy.Secret{
			{Digest: policy.ClientSecretFromRequest(id).Digest(), IssuedAt: start},
			{Digest: policy.ClientSecretFromRequest("old " + id).Digest(), IssuedAt: start, EndsAt: start.Add(policy.MaxOverlap)},
		},
	}
	must(w, w.store.CreateUser(w.Context(), user))
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(role, start)
		m.UserGeneration, m.Keys = id, []policy.AccessKey{key}
		return m, nil, err
	}
	must(w, w.store.UpdateMembership(w.Context(), "berlin", id, change))
	return user
}

// The member's key of a promoted person is any tenant admin's to stop: what counts is what the key can do.
func TestAKeyBelowItsOwnerIsStoppedByThoseWhoMadeIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityTenantAdmin, policy.AuthorityMember)
		must(t, w.store.UpdateUser(t.Context(), "acme", a.user.ID, func(u policy.User) (policy.User, []policy.Event, error) {
			u.Roles = []policy.Role{policy.RoleOperator}
			return u, nil, nil
		}))
		must(t, a.RevokeKey(t.Context(), a.actor, a.in, a.client, admin.IfMatch{}))
		if _, err := a.Key(t.Context(), a.actor, a.in, a.client); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the key is still there: %v", err)
		}
	})
}
