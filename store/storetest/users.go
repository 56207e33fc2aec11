package storetest

import (
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func userCases() []testCase {
	return []testCase{
		{"user is kept", userIsKept},
		{"user ID is taken once", userIDIsTakenOnce},
		{"user missing", userMissing},
		{"user changes", userChanges},
		{"user change refused", userChangeRefused},
		{"user deleted frees the address", userDeleted},
		{"user of another account", userOfAnotherAccount},
		{"users by ID", usersByID},
		{"users in pages, by account", usersInPages},
	}
}

func userIsKept(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	got, err := s.User(t.Context(), acme, ada)
	check(t, err)
	equal(t, "user", got, user(acme, ada))
}

func userIDIsTakenOnce(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	for _, accountID := range []string{acme, other} {
		second := user(accountID, ada)
		second.Email = "usurper@example.com"
		wantError(t, s.CreateUser(t.Context(), second), store.ErrExists)
		_, err := s.UserByEmail(t.Context(), accountID, second.Email)
		wantError(t, err, store.ErrNotFound)
	}
	_, err := s.User(t.Context(), other, ada)
	wantError(t, err, store.ErrNotFound)
	got, err := s.User(t.Context(), acme, ada)
	check(t, err)
	equal(t, "user", got, user(acme, ada))
	// The refused ones must not have claimed the address either.
	third := user(acme, bob)
	third.Email = "usurper@example.com"
	check(t, s.CreateUser(t.Context(), third))
}

func userMissing(t testing.TB, at place) {
	s := at.connect(t)
	_, err := s.User(t.Context(), acme, ada)
	wantError(t, err, store.ErrNotFound)
	_, err = s.UserByEmail(t.Context(), acme, "ada@example.com")
	wantError(t, err, store.ErrNotFound)
	err = s.UpdateUser(t.Context(), acme, ada, func(policy.User) (policy.User, []policy.Event, error) {
		return user(acme, ada), nil, nil
	})
	wantError(t, err, store.ErrNotFound)
	wantError(t, s.DeleteUser(t.Context(), acme, ada), store.ErrNotFound)
	users, err := s.Users(t.Context(), acme, store.Page{Limit: 10})
	check(t, err)
	equal(t, "users", users, nil)
}

func userChanges(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	want := user(acme, ada)
	want.Name, want.Roles, want.Disabled = "Renamed", nil, true
	check(t, s.UpdateUser(t.Context(), acme, ada, func(before policy.User) (policy.User, []policy.Event, error) {
		equal(t, "user before the change", before, user(acme, ada))
		return want, nil, nil
	}))
	got, err := s.User(t.Context(), acme, ada)
	check(t, err)
	equal(t, "user", got, want)
	got, err = s.UserByEmail(t.Context(), acme, want.Email)
	check(t, err)
	equal(t, "user by e-mail address", got, want)
}

func userChangeRefused(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	wantRefused(t, s.UpdateUser(t.Context(), acme, ada, func(u policy.User) (policy.User, []policy.Event, error) {
		u.Email = "new@example.com"
		return u, nil, errRefused
	}))
	got, err := s.UserByEmail(t.Context(), acme, "ada@example.com")
	check(t, err)
	equal(t, "user", got, user(acme, ada))
	_, err = s.UserByEmail(t.Context(), acme, "new@example.com")
	wantError(t, err, store.ErrNotFound)
}

func userDeleted(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.DeleteUser(t.Context(), acme, ada))
	_, err := s.User(t.Context(), acme, ada)
	wantError(t, err, store.ErrNotFound)
	_, err = s.UserByEmail(t.Context(), acme, "ada@example.com")
	wantError(t, err, store.ErrNotFound)
	wantError(t, s.DeleteUser(t.Context(), acme, ada), store.ErrNotFound)
	users, err := s.Users(t.Context(), acme, store.Page{Limit: 10})
	check(t, err)
	equal(t, "users", users, nil)

	heir := user(acme, bob)
	heir.Email = "ada@example.com"
	check(t, s.CreateUser(t.Context(), heir))
}

func userOfAnotherAccount(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	_, err := s.User(t.Context(), other, ada)
	wantError(t, err, store.ErrNotFound)
	_, err = s.UserByEmail(t.Context(), other, "ada@example.com")
	wantError(t, err, store.ErrNotFound)
	wantError(t, s.DeleteUser(t.Context(), other, ada), store.ErrNotFound)
	wantError(t, s.UpdateUser(t.Context(), other, ada, func(u policy.User) (policy.User, []policy.Event, error) {
		return u, nil, nil
	}), store.ErrNotFound)
	got, err := s.User(t.Context(), acme, ada)
	check(t, err)
	equal(t, "user", got, user(acme, ada))
}

func usersByID(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	check(t, s.CreateUser(t.Context(), user(acme, bob)))
	check(t, s.CreateUser(t.Context(), user(other, "eve")))
	got, err := s.UsersByID(t.Context(), acme, []string{bob, "nobody", ada, "eve", bob})
	check(t, err)
	equal(t, "users by ID", got, map[string]policy.User{ada: user(acme, ada), bob: user(acme, bob)})
	got, err = s.UsersByID(t.Context(), acme, nil)
	check(t, err)
	equal(t, "users by no ID", got, nil)
}

func usersInPages(t testing.TB, at place) {
	s := at.connect(t)
	for _, accountID := range []string{acme, other, acme + "-1"} {
		check(t, s.CreateAccount(t.Context(), account(accountID)))
		for _, id := range shuffled(listed(accountID + "-u")) {
			check(t, s.CreateUser(t.Context(), user(accountID, id)))
		}
	}
	wantPages(t, listed(acme+"-u"), func(u policy.User) string { return u.ID }, func(page store.Page) ([]policy.User, error) {
		return s.Users(t.Context(), acme, page)
	})
}
