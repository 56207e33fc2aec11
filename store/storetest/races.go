package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func raceCases() []testCase {
	return []testCase{
		{"race of 12 creates leaves two keys", func(t testing.TB, at place) { racingCreates(t, at, 12) }},
		{"race of 100 creates leaves two keys", func(t testing.TB, at place) { racingCreates(t, at, 100) }},
		{"race of 12 repeats takes one slot", racingRepeats},
		{"race for IDs and addresses has one winner", raceForNames},
		{"race of increments loses none", racingIncrements},
		{"conflict gives up", conflictGivesUp},
	}
}

// race runs f n times at once, on the two connections in turn, and returns what each run returned. A run that gave up on a
// conflict is tried again: that is what the error asks for.
func race(both [2]store.Store, n int, f func(s store.Store, i int) error) []error {
	results := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			results[i] = store.ErrConflict
			for range n {
				if !errors.Is(results[i], store.ErrConflict) {
					return
				}
				results[i] = f(both[i%2], i)
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return results
}

// count tells those who won from those who lost with the error that is expected of them.
func count(t testing.TB, results []error, loss error) (won int) {
	t.Helper()
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, loss):
			t.Errorf("lost with %v, want %v", err, loss)
		}
	}
	return won
}

// racingCreates is R2: the rule is policy's, and the store must let no two changes judge the same state.
func racingCreates(t testing.TB, at place, n int) {
	both := at.connectTwice(t)
	s := both[0]
	results := raceCreates(t, both, n)
	equal(t, "creates that succeeded", count(t, results, policy.ErrKeyLimit), policy.MaxKeys)

	got, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	equal(t, "keys", len(got.Keys), policy.MaxKeys)
	events, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 2 * n})
	check(t, err)
	equal(t, "events", len(events), policy.MaxKeys)
	for i, result := range results {
		id := fmt.Sprint("mk_", i)
		if result == nil {
			wantOwner(t, s, id, load, ada)
			_, err = got.Key(id)
			check(t, err)
			continue
		}
		_, err := s.SubjectByClientID(t.Context(), id)
		wantError(t, err, store.ErrNotFound)
	}
}

// raceCreates tries to make the keys "mk_0" to "mk_n-1" of one user at once.
func raceCreates(t testing.TB, both [2]store.Store, n int) []error {
	t.Helper()
	settle(t, both[0])
	put(t, both[0], membership(load, ada))
	expiration := policy.DefaultExpirationPolicy(day(0))
	return race(both, n, func(s store.Store, i int) error {
		key := accessKey(fmt.Sprint("mk_", i))
		e := event(acme, load, i)
		e.ClientID = key.ClientID
		return s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithKey(key, expiration, day(5))
			return m, []policy.Event{e}, err
		})
	})
}

// racingRepeats is R37: the record of a request is in the membership that it changes, so repeats and first request are told apart whatever
// comes first. Each makes a secret of its own, and the last one stays.
func racingRepeats(t testing.TB, at place) {
	both := at.connectTwice(t)
	s := both[0]
	settle(t, s)
	put(t, s, membership(load, ada))
	expiration := policy.DefaultExpirationPolicy(day(0))
	retry := policy.Retry{
		Key: policy.ClientSecretFromRequest("key").Digest(), Request: policy.ClientSecretFromRequest("request").Digest(),
	}
	secretOf := func(i int) policy.Digest { return policy.ClientSecretFromRequest(fmt.Sprint("secret ", i)).Digest() }
	const n = 12
	var added [n]bool // a key, in the run of the change that was saved
	results := race(both, n, func(s store.Store, i int) error {
		secret := policy.Secret{Digest: secretOf(i), IssuedAt: day(5)}
		return s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			_, repeated, err := m.Repeated(retry, day(5))
			if added[i] = !repeated; err != nil || repeated {
				m, err = m.WithReplacedSecret(retry, secret, policy.Refresh{}, expiration, day(5))
				return m, nil, err
			}
			key := policy.AccessKey{ClientID: fmt.Sprint("mk_", i), CreatedAt: day(5), Secrets: []policy.Secret{secret}}
			if m, err = m.WithKey(key, expiration, day(5)); err != nil {
				return m, nil, err
			}
			m, err = m.WithRetry(retry, key.ClientID, day(5))
			return m, nil, err
		})
	})
	equal(t, "requests that succeeded", count(t, results, nil), n)
	keys := 0
	for _, one := range added {
		if one {
			keys++
		}
	}
	equal(t, "requests that added a key", keys, 1)
	got, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	if len(got.Keys) != 1 || len(got.Retries) != 1 {
		t.Fatalf("%d keys and %d records, want one of each", len(got.Keys), len(got.Retries))
	}
	made, record := got.Keys[0], got.Retries[0]
	equal(t, "secret of the record", record.Secret, made.Secrets[0].Digest)
	equal(t, "key of the record", record.ClientID, made.ClientID)
	for i := range n {
		if id := fmt.Sprint("mk_", i); id == made.ClientID {
			wantOwner(t, s, id, load, ada)
		} else {
			_, err := s.SubjectByClientID(t.Context(), id)
			wantError(t, err, store.ErrNotFound)
		}
	}
	found, err := s.KeysByDigestPrefix(t.Context(), record.Secret.Prefix())
	check(t, err)
	equal(t, "keys with the last secret", len(found), 1)
}

func raceForNames(t testing.TB, at place) {
	both := at.connectTwice(t)
	s := both[0]
	ctx := t.Context()
	const n = 12
	won := count(t, race(both, n, func(s store.Store, _ int) error { return s.CreateAccount(ctx, account(acme)) }), store.ErrExists)
	equal(t, "accounts made with one ID", won, 1)

	accounts := [2]string{acme, other}
	check(t, s.CreateAccount(ctx, account(other)))
	won = count(t, race(both, n, func(s store.Store, i int) error {
		return s.CreateTenant(ctx, tenant(t, accounts[i%2], load))
	}), store.ErrExists)
	equal(t, "tenants made with one ID in two accounts", won, 1)

	won = count(t, race(both, n, func(s store.Store, i int) error {
		return s.CreateUser(ctx, withEmail(user(accounts[i%2], ada), fmt.Sprintf("ada-%d@example.com", i)))
	}), store.ErrExists)
	equal(t, "users made with one ID in two accounts", won, 1)

	results := race(both, n, func(s store.Store, i int) error {
		return s.CreateUser(ctx, withEmail(user(acme, fmt.Sprint("user-", i)), "One@example.com"))
	})
	equal(t, "users made with one address", count(t, results, store.ErrEmailTaken), 1)
	owner, err := s.UserByEmail(ctx, acme, "one@example.com")
	check(t, err)
	users, err := s.Users(ctx, acme, store.Page{Limit: 100})
	check(t, err)
	holders := 0
	for _, u := range users {
		if u.Email == owner.Email {
			holders++
			equal(t, "owner of the address", u, owner)
		}
	}
	equal(t, "users who have the address", holders, 1)
}

func racingIncrements(t testing.TB, at place) {
	both := at.connectTwice(t)
	const n = 40
	results := race(both, n, func(s store.Store, _ int) error {
		return s.UpdateDocument(t.Context(), "counter", func(before []byte) ([]byte, error) {
			if before == nil {
				return []byte("1"), nil
			}
			number, err := strconv.Atoi(string(before))
			return []byte(strconv.Itoa(number + 1)), err
		})
	})
	equal(t, "increments that succeeded", count(t, results, nil), n)
	wantDocument(t, both[0], "counter", strconv.Itoa(n))
}

// conflictGivesUp changes the record behind the back of the change, each time that it runs. Where there can be one
// connection only, nobody else can do so.
func conflictGivesUp(t testing.TB, at place) {
	if at.single {
		t.Skip("one connection has no conflicts")
	}
	both := at.connectTwice(t)
	setDocument(t, both[0], "counter", "start")
	const tooOften = 1000
	runs := 0
	err := both[0].UpdateDocument(t.Context(), "counter", func([]byte) ([]byte, error) {
		runs++
		if runs > tooOften {
			return nil, errRefused
		}
		setDocument(t, both[1], "counter", fmt.Sprint("theirs ", runs))
		return []byte("ours"), nil
	})
	wantError(t, err, store.ErrConflict)
	wantDocument(t, both[0], "counter", fmt.Sprint("theirs ", runs))
}
