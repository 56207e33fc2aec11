package server_test

import (
	"crypto/sha256"

	"mintkey/policy"
)

// person is a user with a membership and an access key.
type person struct {
	account, tenant, id string
	clientID, secret    string
}

func (p person) email() string { return p.id + "@" + p.account + ".example" }

// people live in two accounts. Acme has the tenants forge (release 24.3) and mill (23.4), globex has dome.
type people struct {
	olga person // operator; member of forge
	ada  person // account admin of acme; member of forge
	tom  person // tenant admin of forge
	mia  person // member of forge
	max  person // tenant admin of mill
	gus  person // account admin of globex; member of dome
	gil  person // member of dome
}

// settle fills the store. Everybody's access key has every scope there is: what it can do is decided by role.
func (w *world) settle() {
	w.Helper()
	for _, account := range []string{"acme", "globex"} {
		w.must(w.store.CreateAccount(w.Context(), policy.Account{
			ID: account, Name: account, CreatedAt: start, Expiration: policy.DefaultExpirationPolicy(start),
		}))
	}
	for _, tenant := range [][3]string{{"acme", "forge", "24.3"}, {"acme", "mill", "23.4"}, {"globex", "dome", "24.3"}} {
		release, err := policy.ParseRelease(tenant[2])
		w.must(err)
		w.must(w.store.CreateTenant(w.Context(), policy.Tenant{
			ID: tenant[1], AccountID: tenant[0], Name: tenant[1], Release: release, CreatedAt: start,
		}))
	}
	w.olga = w.admit(person{account: "acme", tenant: "forge", id: "olga"}, policy.RoleMember, policy.RoleOperator)
	w.ada = w.admit(person{account: "acme", tenant: "forge", id: "ada"}, policy.RoleMember, policy.RoleAccountAdmin)
	w.tom = w.admit(person{account: "acme", tenant: "forge", id: "tom"}, policy.RoleTenantAdmin)
	w.mia = w.admit(person{account: "acme", tenant: "forge", id: "mia"}, policy.RoleMember)
	w.max = w.admit(person{account: "acme", tenant: "mill", id: "max"}, policy.RoleTenantAdmin)
	w.gus = w.admit(person{account: "globex", tenant: "dome", id: "gus"}, policy.RoleMember, policy.RoleAccountAdmin)
	w.gil = w.admit(person{account: "globex", tenant: "dome", id: "gil"}, policy.RoleMember)
}

// everyScope are the scopes of everybody's access key.
func everyScope() []string {
	return append([]string{"api", "reports"}, policy.AdministrationScopes()...)
}

// admit creates a user, a membership and an access key, directly in the store.
func (w *world) admit(p person, role policy.Role, roles ...policy.Role) person {
	w.Helper()
	user := policy.User{ID: p.id, AccountID: p.account, Name: p.id, Email: p.email(), Roles: roles, CreatedAt: start}
	w.must(w.store.CreateUser(w.Context(), user))
	w.must(w.store.UpdateMembership(w.Context(), p.tenant, p.id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(role, start)
		return m, nil, err
	}))
	return w.giveKey(p, everyScope()...)
}

// giveKey creates an access key directly in the store, and returns the person with it.
func (w *world) giveKey(p person, scopes ...string) person {
	w.Helper()
	random := sha256.Sum256([]byte(p.id + string(rune(w.secrets.count()))))
	secret := policy.NewClientSecret(random)
	p.clientID, p.secret = policy.NewClientID([16]byte(random[16:]), "mk_", ""), secret.Reveal()
	w.secrets.add(p.secret)
	key := policy.AccessKey{
		ClientID: p.clientID, Scopes: scopes, Ceiling: policy.RoleOperator, CreatedAt: w.clock.now(),
		Secrets: []policy.Secret{{Digest: secret.Digest(), IssuedAt: w.clock.now()}},
	}
	w.must(w.store.UpdateMembership(w.Context(), p.tenant, p.id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithKey(key, policy.DefaultExpirationPolicy(start), w.clock.now())
		return m, nil, err
	}))
	return p
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}
