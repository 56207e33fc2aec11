package storetest

import (
	"fmt"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func belongingCases() []testCase {
	return []testCase{
		{"membership of nobody is refused", membershipOfNobody},
		{"membership begins with the generation of its user", membershipOfAGeneration},
		{"membership of an earlier user is none", membershipOfAnEarlierUser},
		{"race of joins with a deletion leaves nobody", raceOfJoinsWithADeletion},
		{"users by address, of all accounts", usersByEmail},
	}
}

func join(m policy.Membership) (policy.Membership, []policy.Event, error) {
	m, err := m.WithRole(policy.RoleMember, day(1))
	return m, nil, err
}

func membershipOfNobody(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	wantError(t, s.UpdateMembership(t.Context(), load, bob, join), store.ErrNotFound)
	put(t, s, membership(load, ada, "mk_1"))
	check(t, s.DeleteUser(t.Context(), acme, ada))
	wantError(t, s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		equal(t, "membership that is left", m, membership(load, ada, "mk_1")) // so that it can be ended in full
		m.Role = policy.RoleTenantAdmin
		return m, nil, nil
	}), store.ErrNotFound)
	_, err := s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)
	remove(t, s, load, ada)
	tenants, err := s.TenantsOf(t.Context(), acme, ada)
	check(t, err)
	equal(t, "tenants", tenants, nil)
}

func ofGeneration(u policy.User, generation string) policy.User {
	u.Generation = generation
	return u
}

func membershipOfAGeneration(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateUser(t.Context(), ofGeneration(user(acme, bob), "first")))
	check(t, s.UpdateMembership(t.Context(), load, bob, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		equal(t, "membership before the change", m, policy.Membership{AccountID: acme, TenantID: load, UserID: bob, UserGeneration: "first"})
		return join(m)
	}))
	subject, err := s.Subject(t.Context(), load, bob)
	check(t, err)
	equal(t, "generation", subject.Membership.UserGeneration, "first")
	wantError(t, s.UpdateMembership(t.Context(), load, bob, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.UserGeneration = "second"
		return m, nil, nil
	}), store.ErrNotFound)
}

// membershipOfAnEarlierUser gives the user another generation, as if the user had been deleted and another one made.
func membershipOfAnEarlierUser(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateUser(t.Context(), ofGeneration(user(acme, bob), "first")))
	left := membership(load, bob, "mk_1")
	left.UserGeneration = "first"
	put(t, s, left)
	check(t, s.UpdateUser(t.Context(), acme, bob, func(u policy.User) (policy.User, []policy.Event, error) {
		return ofGeneration(u, "second"), nil, nil
	}))
	_, err := s.Subject(t.Context(), load, bob)
	wantError(t, err, store.ErrNotFound)
	_, err = s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)

	check(t, s.UpdateMembership(t.Context(), load, bob, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		equal(t, "membership before the change", m, policy.Membership{AccountID: acme, TenantID: load, UserID: bob, UserGeneration: "second"})
		return join(m)
	}))
	subject, err := s.Subject(t.Context(), load, bob)
	check(t, err)
	equal(t, "keys", subject.Membership.Keys, nil)
	_, err = s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)
	wantFound(t, s, digestOf(left, 0, 0))
}

// raceOfJoinsWithADeletion deletes as a caller does: memberships, the user, and once more the memberships.
func raceOfJoinsWithADeletion(t testing.TB, at place) {
	both := at.connectTwice(t)
	s := both[0]
	settle(t, s)
	const rounds, n = 20, 9
	for round := range rounds {
		id := fmt.Sprint("eve-", round)
		check(t, s.CreateUser(t.Context(), ofGeneration(user(acme, id), "first")))
		results := race(both, n, func(s store.Store, i int) error {
			if i > 0 {
				return s.UpdateMembership(t.Context(), load, id, join)
			}
			remove(t, s, load, id)
			check(t, s.DeleteUser(t.Context(), acme, id))
			remove(t, s, load, id)
			return nil
		})
		count(t, results, store.ErrNotFound)
		tenants, err := s.TenantsOf(t.Context(), acme, id)
		check(t, err)
		equal(t, "tenants of a deleted user", tenants, nil)
		_, err = s.Membership(t.Context(), load, id)
		wantError(t, err, store.ErrNotFound)
	}
}

func usersByEmail(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	found := func() (ids []string) {
		t.Helper()
		users, err := s.UsersByEmail(t.Context(), "ADA@example.com")
		check(t, err)
		for _, u := range users {
			ids = append(ids, u.AccountID+"/"+u.ID)
		}
		return ids
	}
	want := []string{acme + "/" + ada}
	equal(t, "users", found(), want)
	for _, accountID := range listed("b-") {
		check(t, s.CreateAccount(t.Context(), account(accountID)))
		check(t, s.CreateUser(t.Context(), withEmail(user(accountID, "of-"+accountID), "Ada@Example.com")))
		want = append(want, accountID+"/of-"+accountID)
	}
	check(t, s.CreateUser(t.Context(), withEmail(user(acme, bob), "ada@example.com/b"))) // a domain is not checked for slashes
	equal(t, "users of all accounts", found(), want)
	last := listed("b-")[len(listed("b-"))-1]
	check(t, s.DeleteUser(t.Context(), last, "of-"+last))
	check(t, setEmail(t, s, ada, "lovelace@example.com"))
	equal(t, "users without those who left the address", found(), want[1:len(want)-1])
	check(t, setEmail(t, s, ada, "ada@example.com"))
	equal(t, "users with the one who came back", found(), want[:len(want)-1])
	none, err := s.UsersByEmail(t.Context(), "nobody@example.com")
	check(t, err)
	equal(t, "users with the address of nobody", none, nil)
}
