package storetest

import (
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func emailCases() []testCase {
	return []testCase{
		{"e-mail address is taken once in an account", emailIsTakenOnce},
		{"e-mail address is found in any case", emailIsFoundInAnyCase},
		{"e-mail address of another is refused on change", emailTakenOnChange},
		{"e-mail address moves with its user", emailMoves},
		{"e-mail address changes its case", emailChangesItsCase},
		{"e-mail address of a robot leads nowhere", emailOfARobot},
		{"e-mail address is free once its user is a robot", emailOfOneWhoBecomesARobot},
	}
}

func withEmail(u policy.User, email string) policy.User {
	u.Email = email
	return u
}

func setEmail(t testing.TB, s store.Store, id, email string) error {
	t.Helper()
	return s.UpdateUser(t.Context(), acme, id, func(u policy.User) (policy.User, []policy.Event, error) {
		return withEmail(u, email), nil, nil
	})
}

func emailIsTakenOnce(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	for _, email := range []string{"ada@example.com", "Ada@Example.COM"} {
		wantError(t, s.CreateUser(t.Context(), withEmail(user(acme, bob), email)), store.ErrEmailTaken)
	}
	_, err := s.User(t.Context(), acme, bob)
	wantError(t, err, store.ErrNotFound)
	// The refused ones must not have claimed the ID, and another account is another matter.
	check(t, s.CreateUser(t.Context(), withEmail(user(other, bob), "ada@example.com")))
}

func emailIsFoundInAnyCase(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	want := withEmail(user(acme, bob), "Bob.Builder@Example.com")
	check(t, s.CreateUser(t.Context(), want))
	for _, email := range []string{"Bob.Builder@Example.com", "bob.builder@example.com", "BOB.BUILDER@EXAMPLE.COM"} {
		got, err := s.UserByEmail(t.Context(), acme, email)
		check(t, err)
		equal(t, "user", got, want)
	}
}

func emailTakenOnChange(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateUser(t.Context(), user(acme, bob)))
	wantError(t, setEmail(t, s, bob, "ADA@example.com"), store.ErrEmailTaken)
	got, err := s.UserByEmail(t.Context(), acme, "bob@example.com")
	check(t, err)
	equal(t, "user who was refused", got, user(acme, bob))
	got, err = s.UserByEmail(t.Context(), acme, "ada@example.com")
	check(t, err)
	equal(t, "user who has the address", got, user(acme, ada))
}

func emailMoves(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, setEmail(t, s, ada, "lovelace@example.com"))
	_, err := s.UserByEmail(t.Context(), acme, "ada@example.com")
	wantError(t, err, store.ErrNotFound)
	got, err := s.UserByEmail(t.Context(), acme, "lovelace@example.com")
	check(t, err)
	equal(t, "user", got, withEmail(user(acme, ada), "lovelace@example.com"))
	check(t, s.CreateUser(t.Context(), withEmail(user(acme, bob), "ada@example.com")))
	wantError(t, setEmail(t, s, ada, "ada@example.com"), store.ErrEmailTaken)
}

func emailChangesItsCase(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, setEmail(t, s, ada, "Ada@Example.com"))
	got, err := s.UserByEmail(t.Context(), acme, "ada@example.com")
	check(t, err)
	equal(t, "user", got, withEmail(user(acme, ada), "Ada@Example.com"))
	wantError(t, s.CreateUser(t.Context(), withEmail(user(acme, bob), "ada@example.com")), store.ErrEmailTaken)
}

func robot(accountID, id, contact string) policy.User {
	u := withEmail(user(accountID, id), contact)
	u.Kind, u.Generation = policy.KindService, "made"
	return u
}

func wantFoundBy(t testing.TB, s store.Store, email, id string) {
	t.Helper()
	got, err := s.UserByEmail(t.Context(), acme, email)
	all, errOfAll := s.UsersByEmail(t.Context(), email)
	check(t, errOfAll)
	if id == "" {
		wantError(t, err, store.ErrNotFound)
		equal(t, "users of all accounts with the address", all, nil)
		return
	}
	check(t, err)
	equal(t, "user with the address "+email, got.ID, id)
	equal(t, "users of all accounts with the address", all, []policy.User{got})
}

// emailOfARobot is that of a person, of other robots, or of nobody.
func emailOfARobot(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	const team = "team@example.com"
	for _, id := range []string{"robot-1", "robot-2"} {
		check(t, s.CreateUser(t.Context(), robot(acme, id, "Ada@example.com")))
	}
	check(t, s.CreateUser(t.Context(), robot(acme, "robot-3", team)))
	wantFoundBy(t, s, "ada@example.com", ada)
	wantFoundBy(t, s, team, "")

	check(t, setEmail(t, s, "robot-1", team))
	wantFoundBy(t, s, "ada@example.com", ada)
	check(t, setEmail(t, s, "robot-1", "ada@example.com"))
	check(t, s.DeleteUser(t.Context(), acme, "robot-2"))
	wantFoundBy(t, s, "ada@example.com", ada)
	wantFoundBy(t, s, team, "")

	check(t, s.CreateUser(t.Context(), withEmail(user(acme, bob), team)))
	wantFoundBy(t, s, team, bob)
	check(t, s.DeleteUser(t.Context(), acme, "robot-3"))
	wantFoundBy(t, s, team, bob)
}

func setKind(t testing.TB, s store.Store, id string, kind policy.UserKind) error {
	t.Helper()
	return s.UpdateUser(t.Context(), acme, id, func(u policy.User) (policy.User, []policy.Event, error) {
		u.Kind = kind
		return u, nil, nil
	})
}

// emailOfOneWhoBecomesARobot also turns a robot into a person, which policy never does: no store may then lead two ways.
func emailOfOneWhoBecomesARobot(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateUser(t.Context(), ofGeneration(withEmail(user(acme, "eve"), "eve@example.com"), "made")))
	for _, id := range []string{ada, "eve"} { // as a server of version 1 and as one of version 2 has made them
		address := id + "@example.com"
		check(t, setKind(t, s, id, policy.KindService))
		wantFoundBy(t, s, address, "")
		check(t, s.CreateUser(t.Context(), withEmail(user(acme, "heir-of-"+id), address)))
		wantFoundBy(t, s, address, "heir-of-"+id)
		wantError(t, setKind(t, s, id, policy.KindPerson), store.ErrEmailTaken)
		check(t, s.DeleteUser(t.Context(), acme, "heir-of-"+id))
		check(t, setKind(t, s, id, policy.KindPerson))
		wantFoundBy(t, s, address, id)
	}
}
