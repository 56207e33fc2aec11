package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"mintkey/store"
)

func revocationCases() []testCase {
	return []testCase{
		{"revocations are kept in order", revocationsAreKept},
		{"revocations in pages", revocationsInPages},
		{"revocations are forgotten after their time", revocationsAreForgotten},
		{"positions among revocations are exact", positionsAreExact},
		{"revocation IDs increase across reopening", revocationsAcrossReopening},
		{"race of revocations hides none from who follows", racingRevocations},
	}
}

// revocation is the nth, of all tokens of a secret or of a single one, in turn.
func revocation(n int) store.Revocation {
	r := store.Revocation{ClientID: fmt.Sprint("mk_", n), AccountID: acme, At: day(n), Until: day(n + 1)}
	if n%2 == 0 {
		r.Index = uint64(n) + 1<<62
	} else {
		r.TokenID = fmt.Sprint("token-", n)
	}
	return r
}

func record(t testing.TB, s store.Revocations, numbers ...int) {
	t.Helper()
	var revocations []store.Revocation
	for _, n := range numbers {
		revocations = append(revocations, revocation(n))
	}
	check(t, s.RecordRevocations(t.Context(), revocations...))
}

// wantRevocations checks those after an ID, and returns the IDs.
func wantRevocations(t testing.TB, s store.Revocations, after string, numbers ...int) (ids []string) {
	t.Helper()
	got, err := s.Revocations(t.Context(), after, 1000)
	check(t, err)
	var want []store.Revocation
	for _, n := range numbers {
		want = append(want, revocation(n))
	}
	last := after
	for i := range got {
		ids = append(ids, got[i].ID)
		wantNext(t, last, got[i].ID)
		last, got[i].ID = got[i].ID, ""
	}
	if len(got) != len(want) {
		t.Fatalf("there are %d revocations after %q, want %d", len(got), after, len(want))
	}
	equal(t, "revocations", got, want)
	return ids
}

// wantNext checks an ID and that it comes after the last one.
func wantNext(t testing.TB, last, id string) {
	t.Helper()
	if id <= last || strings.ContainsFunc(id, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }) {
		t.Errorf("ID %q comes after %q", id, last)
	}
}

func revocationsAreKept(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, elsewhere := both[0], both[1]
	wantRevocations(t, s, "")
	check(t, s.RecordRevocations(t.Context()))
	record(t, s, 5)
	wantRevocations(t, elsewhere, "", 5)
	record(t, elsewhere, 3, 4, 1)
	record(t, s, 2)
	wantRevocations(t, s, "", 5, 3, 4, 1, 2)
	wantRevocations(t, elsewhere, "", 5, 3, 4, 1, 2)
}

func revocationsInPages(t testing.TB, at place) {
	s := at.connect(t)
	for n := range 12 { // so that numbers of one and of two digits are among the IDs
		record(t, s, n)
	}
	ids := wantRevocations(t, s, "", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	for limit := 1; limit <= len(ids)+1; limit++ {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page, err := s.Revocations(t.Context(), after, limit)
			check(t, err)
			if len(page) > limit || len(got) > len(ids) {
				t.Fatalf("pages of %d give too much: %d after %d", limit, len(page), len(got))
			}
			for _, r := range page {
				got = append(got, r.ID)
			}
			if len(page) < limit {
				break
			}
		}
		equal(t, "revocations in pages", got, ids)
	}
	wantRevocations(t, s, ids[9], 10, 11)
	wantRevocations(t, s, ids[11])
}

func revocationsAreForgotten(t testing.TB, at place) {
	s := at.connect(t)
	record(t, s, 7, 1, 2)
	record(t, s, 1, 8)
	ids := wantRevocations(t, s, "", 7, 1, 2, 1, 8)
	check(t, s.ForgetRevocations(t.Context(), revocation(1).Until)) // at that very time it is not over yet
	wantRevocations(t, s, "", 7, 1, 2, 1, 8)
	check(t, s.ForgetRevocations(t.Context(), revocation(1).Until.Add(time.Nanosecond)))
	wantRevocations(t, s, "", 7, 2, 8)
	wantRevocations(t, s, ids[2], 8)
	wantPositionLost(t, s, ids[1])
	wantPositionLost(t, s, ids[3])
	check(t, s.ForgetRevocations(t.Context(), day(100)))
	wantRevocations(t, s, "", 8) // so that who has read it finds the place
	wantRevocations(t, s, ids[4])
	record(t, s, 3)
	wantRevocations(t, s, ids[4], 3)
	check(t, s.ForgetRevocations(t.Context(), day(100)))
	wantRevocations(t, s, "", 3)
}

// positionsAreExact asks for what is not there: a number that another history has given to another revocation, one that is yet to come,
// and what is no ID at all.
func positionsAreExact(t testing.TB, at place) {
	s := at.connect(t)
	wantPositionLost(t, s, store.RevocationID(1, "ABCD"))
	record(t, s, 1, 2)
	ids := wantRevocations(t, s, "", 1, 2)
	number := store.RevocationNumber(ids[0])
	if number == 0 || store.RevocationNumber(ids[1]) != number+1 {
		t.Errorf("the IDs are %q", ids)
	}
	for _, id := range []string{
		store.RevocationID(number, "ABCD"), store.RevocationID(number, ""), store.RevocationID(number+2, "ABCD"), ids[0] + "X", "-", "x",
	} {
		wantPositionLost(t, s, id)
	}
}

func wantPositionLost(t testing.TB, s store.Revocations, id string) {
	t.Helper()
	if got, err := s.Revocations(t.Context(), id, 1000); !errors.Is(err, store.ErrPositionLost) {
		t.Errorf("after %q: %d revocations and the error %v; want ErrPositionLost", id, len(got), err)
	}
}

// revocationsAcrossReopening also forgets all that it may.
func revocationsAcrossReopening(t testing.TB, at place) {
	s := at.open()
	record(t, s, 1, 2)
	last := wantRevocations(t, s, "", 1, 2)[1]
	check(t, s.Close())
	s = at.open()
	record(t, s, 3)
	last = wantRevocations(t, s, last, 3)[0]
	check(t, s.ForgetRevocations(t.Context(), day(100)))
	check(t, s.Close())
	s = at.connect(t)
	wantRevocations(t, s, last)
	record(t, s, 4)
	wantRevocations(t, s, last, 4)
}

// racingRevocations follows the log from the other connection while many write to it. A store that numbers a revocation before others can
// read it lets who follows go past it.
func racingRevocations(t testing.TB, at place) {
	both := at.connectTwice(t)
	const n = 100
	written := make(chan []error)
	go func() {
		written <- race(both, n, func(s store.Store, i int) error {
			return s.RecordRevocations(t.Context(), revocation(2*i), revocation(2*i+1))
		})
	}()
	follower := both[1]
	seen, after := map[string]int{}, ""
	follow := func() {
		for {
			page, err := follower.Revocations(t.Context(), after, 7)
			check(t, err)
			for _, r := range page {
				wantNext(t, after, r.ID)
				seen[r.ClientID]++
				after = r.ID
			}
			if len(page) == 0 {
				return
			}
		}
	}
	for {
		follow()
		select {
		case results := <-written:
			equal(t, "writers without an error", count(t, results, nil), n)
			follow()
			for i := range 2 * n {
				equal(t, "times that a revocation was seen", seen[revocation(i).ClientID], 1)
			}
			return
		default:
		}
	}
}
