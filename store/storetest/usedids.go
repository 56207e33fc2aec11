package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"mintkey/store"
)

func usedIDCases() []testCase {
	return []testCase{
		{"user ID is never used twice", userIDIsNeverUsedTwice},
		{"user ID used in another store stays used in a copy", usedIDsAreAdded},
		{"race of creations and deletions of one ID makes one user", raceForOneLife},
	}
}

func usedIDs(ctx context.Context, s store.Store) (found []string, err error) {
	err = s.EachUsedID(ctx, func(digest string) error {
		found = append(found, digest)
		return nil
	})
	slices.Sort(found)
	return slices.Compact(found), err
}

func userIDIsNeverUsedTwice(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	err := s.CreateUser(t.Context(), withEmail(user(acme, ada), "second@example.com"))
	wantError(t, err, store.ErrExists)
	if errors.Is(err, store.ErrIDUsed) {
		t.Errorf("error is %v for an ID in use", err)
	}
	wantError(t, s.DeleteUser(t.Context(), acme, bob), store.ErrNotFound)
	check(t, s.DeleteUser(t.Context(), acme, ada))
	for _, accountID := range []string{acme, other, acme} {
		err := s.CreateUser(t.Context(), user(accountID, ada))
		wantError(t, err, store.ErrIDUsed)
		wantError(t, err, store.ErrExists)
		_, err = s.User(t.Context(), accountID, ada)
		wantError(t, err, store.ErrNotFound)
	}
	wantError(t, s.DeleteUser(t.Context(), acme, ada), store.ErrNotFound)
	check(t, s.CreateUser(t.Context(), user(acme, bob))) // nobody had this one
	got, err := usedIDs(t.Context(), s)
	check(t, err)
	equal(t, "used IDs", got, []string{store.UsedUserID(ada)})
}

func usedIDsAreAdded(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	var want []string
	check(t, s.AddUsedIDs(t.Context()))
	for _, id := range listed("gone-") {
		want = append(want, store.UsedUserID(id))
	}
	check(t, s.AddUsedIDs(t.Context(), want...))
	check(t, s.AddUsedIDs(t.Context(), want[:2]...))
	slices.Sort(want)
	got, err := usedIDs(t.Context(), s)
	check(t, err)
	equal(t, "used IDs", got, want)
	for _, id := range listed("gone-") {
		wantError(t, s.CreateUser(t.Context(), user(acme, id)), store.ErrIDUsed)
	}
	wantRefused(t, s.EachUsedID(t.Context(), func(string) error { return errRefused }))
}

// raceForOneLife lets creations in two accounts race with deletions. Whatever order they come in, an ID that was deleted is not created
// once more: when all is over and everybody is deleted, no creation that came after the first deletion can have succeeded.
func raceForOneLife(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, ctx := both[0], t.Context()
	accounts := [2]string{acme, other}
	check(t, s.CreateAccount(ctx, account(acme)))
	check(t, s.CreateAccount(ctx, account(other)))
	const rounds, n = 20, 12
	for round := range rounds {
		id := fmt.Sprint("eve-", round)
		results := race(both, n, func(s store.Store, i int) error {
			if i%3 == 2 {
				return s.DeleteUser(ctx, accounts[i%2], id)
			}
			return s.CreateUser(ctx, user(accounts[i%2], id))
		})
		deleted, created := 0, 0
		for i, err := range results {
			switch {
			case err == nil && i%3 == 2:
				deleted++
			case err == nil:
				created++
			case i%3 == 2:
				wantError(t, err, store.ErrNotFound)
			default:
				wantError(t, err, store.ErrExists)
			}
		}
		if created > 1 {
			t.Errorf("%d users were made with one ID", created)
		}
		left := 0
		for _, accountID := range accounts {
			if _, err := s.User(ctx, accountID, id); err == nil {
				left++
			}
		}
		if left > 0 && deleted > 0 {
			t.Errorf("a user was deleted, and %d are left", left)
		}
	}
}
