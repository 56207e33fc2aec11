package storetest

import (
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func accountCases() []testCase {
	return []testCase{
		{"account is kept", accountIsKept},
		{"account ID is taken once", accountIDIsTakenOnce},
		{"account missing", accountMissing},
		{"account changes", accountChanges},
		{"account change refused", accountChangeRefused},
		{"accounts in pages", accountsInPages},
	}
}

func accountIsKept(t testing.TB, at place) {
	s := at.connect(t)
	check(t, s.CreateAccount(t.Context(), account(acme)))
	got, err := s.Account(t.Context(), acme)
	check(t, err)
	equal(t, "account", got, account(acme))
}

func accountIDIsTakenOnce(t testing.TB, at place) {
	s := at.connect(t)
	check(t, s.CreateAccount(t.Context(), account(acme)))
	second := account(acme)
	second.Name = "Usurper"
	wantError(t, s.CreateAccount(t.Context(), second), store.ErrExists)
	got, err := s.Account(t.Context(), acme)
	check(t, err)
	equal(t, "account", got, account(acme))
}

func accountMissing(t testing.TB, at place) {
	s := at.connect(t)
	_, err := s.Account(t.Context(), acme)
	wantError(t, err, store.ErrNotFound)
	err = s.UpdateAccount(t.Context(), acme, func(policy.Account) (policy.Account, []policy.Event, error) {
		return account(acme), nil, nil
	})
	wantError(t, err, store.ErrNotFound)
	_, err = s.Account(t.Context(), acme)
	wantError(t, err, store.ErrNotFound)
	none, err := s.Accounts(t.Context(), store.Page{Limit: 10})
	check(t, err)
	equal(t, "accounts", none, nil)
}

func accountChanges(t testing.TB, at place) {
	s := at.connect(t)
	check(t, s.CreateAccount(t.Context(), account(acme)))
	want := account(acme)
	want.Name = "Renamed"
	want.Expiration = append(want.Expiration, policy.Revision{At: day(9), PeriodDays: 90})
	check(t, s.UpdateAccount(t.Context(), acme, func(before policy.Account) (policy.Account, []policy.Event, error) {
		equal(t, "account before the change", before, account(acme))
		return want, nil, nil
	}))
	got, err := s.Account(t.Context(), acme)
	check(t, err)
	equal(t, "account", got, want)
}

func accountChangeRefused(t testing.TB, at place) {
	s := at.connect(t)
	check(t, s.CreateAccount(t.Context(), account(acme)))
	err := s.UpdateAccount(t.Context(), acme, func(a policy.Account) (policy.Account, []policy.Event, error) {
		a.Name = "Renamed"
		return a, nil, errRefused
	})
	wantRefused(t, err)
	got, err := s.Account(t.Context(), acme)
	check(t, err)
	equal(t, "account", got, account(acme))
}

func accountsInPages(t testing.TB, at place) {
	s := at.connect(t)
	ids := listed("acct")
	for _, id := range shuffled(ids) {
		check(t, s.CreateAccount(t.Context(), account(id)))
	}
	wantPages(t, ids, func(a policy.Account) string { return a.ID }, func(page store.Page) ([]policy.Account, error) {
		return s.Accounts(t.Context(), page)
	})
	got, err := s.Accounts(t.Context(), store.Page{Limit: 1})
	check(t, err)
	equal(t, "first account", got, []policy.Account{account(ids[0])})
}
