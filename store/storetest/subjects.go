package storetest

import (
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func subjectCases() []testCase {
	return []testCase{
		{"subject is whole", subjectIsWhole},
		{"subject missing", subjectMissing},
		{"subject is never stale", subjectIsNeverStale},
	}
}

func subjectIsWhole(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	want := policy.Subject{
		Account: account(acme), Tenant: tenant(t, acme, load), User: user(acme, ada),
		Membership: membership(load, ada, "mk_1", "mk_2"),
	}
	put(t, s, want.Membership)
	wantSubject(t, s, want)
}

// wantSubject reads the subject both ways, by a client ID "mk_2" and by its names.
func wantSubject(t testing.TB, s store.Store, want policy.Subject) {
	t.Helper()
	got, err := s.SubjectByClientID(t.Context(), "mk_2")
	check(t, err)
	equal(t, "subject by client ID", got, want)
	got, err = s.Subject(t.Context(), load, ada)
	check(t, err)
	equal(t, "subject", got, want)
}

func subjectMissing(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateUser(t.Context(), user(acme, bob)))
	put(t, s, membership(load, ada, "mk_1"))
	put(t, s, membership(load, "ghost", "mk_9"))
	check(t, s.DeleteUser(t.Context(), acme, "ghost")) // now a member who is no user
	for _, names := range [][2]string{{"nowhere", ada}, {load, "nobody"}, {load, bob}, {load, "ghost"}} {
		_, err := s.Subject(t.Context(), names[0], names[1])
		wantError(t, err, store.ErrNotFound)
	}
	_, err := s.SubjectByClientID(t.Context(), "mk_9")
	wantError(t, err, store.ErrNotFound)
}

// subjectIsNeverStale changes each part after it has been read, over the other connection where there can be two.
func subjectIsNeverStale(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, writer := both[0], both[1]
	settle(t, s)
	want := policy.Subject{
		Account: account(acme), Tenant: tenant(t, acme, load), User: user(acme, ada),
		Membership: membership(load, ada, "mk_1", "mk_2"),
	}
	put(t, s, want.Membership)
	wantSubject(t, s, want)

	want.User.Disabled = true
	check(t, writer.UpdateUser(t.Context(), acme, ada, func(policy.User) (policy.User, []policy.Event, error) {
		return want.User, nil, nil
	}))
	wantSubject(t, s, want)

	want.Account.Expiration = want.Account.Expiration[:1]
	check(t, writer.UpdateAccount(t.Context(), acme, func(policy.Account) (policy.Account, []policy.Event, error) {
		return want.Account, nil, nil
	}))
	wantSubject(t, s, want)

	want.Membership = membership(load, ada, "mk_2")
	put(t, writer, want.Membership)
	wantSubject(t, s, want)

	check(t, writer.DeleteUser(t.Context(), acme, ada))
	_, err := s.SubjectByClientID(t.Context(), "mk_2")
	wantError(t, err, store.ErrNotFound)
	_, err = s.Subject(t.Context(), load, ada)
	wantError(t, err, store.ErrNotFound)
}
