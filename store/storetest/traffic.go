package storetest

import (
	"fmt"
	"testing"
	"time"

	"mintkey/store"
)

func trafficCases() []testCase {
	return []testCase{
		{"traffic adds up", trafficAddsUp},
		{"traffic by minute, hour and day", trafficBySteps},
		{"traffic in a span", trafficInSpan},
		{"traffic of others stays apart", trafficStaysApart},
		{"traffic of parts, busiest first", trafficOfParts},
		{"traffic that was refused", trafficRefused},
		{"traffic of many parts", trafficOfManyParts},
		{"traffic is kept long enough", trafficIsKept},
		{"race to record traffic loses none", racingTraffic},
	}
}

func ofAcme() store.TrafficSource { return store.TrafficSource{AccountID: acme} }

func ofKey(tenantID, clientID string) store.TrafficSource {
	return store.TrafficSource{AccountID: acme, TenantID: tenantID, ClientID: clientID}
}

func given(n int64) store.TrafficCounts { return store.TrafficCounts{store.TokenIssued: n} }

// asked is a batch of what one access key of acme asked for within a minute.
func asked(tenantID, clientID string, at time.Time, counts store.TrafficCounts) map[store.TrafficKey]store.TrafficCounts {
	return map[store.TrafficKey]store.TrafficCounts{{TrafficSource: ofKey(tenantID, clientID), Minute: at.Unix() / 60}: counts}
}

func recordTraffic(t testing.TB, s store.Store, tenantID, clientID string, at time.Time, counts store.TrafficCounts) {
	t.Helper()
	check(t, s.RecordTraffic(t.Context(), asked(tenantID, clientID, at, counts)))
}

// wantTraffic checks the counts of a source by step.
func wantTraffic(t testing.TB, s store.Store, of store.TrafficSource, span store.TrafficSpan, want ...store.TrafficCounts) {
	t.Helper()
	got, err := s.Traffic(t.Context(), of, span)
	check(t, err)
	equal(t, fmt.Sprintf("traffic of %v in %v", of, span), got, want)
}

func day3() store.TrafficSpan {
	return store.TrafficSpan{Step: store.TrafficDays, From: day(3), Steps: 1}
}

func trafficAddsUp(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, elsewhere := both[0], both[1]
	check(t, s.RecordTraffic(t.Context(), nil))
	wantTraffic(t, s, ofAcme(), day3(), store.TrafficCounts{})
	batch := asked(load, "mk_1", day(3), store.TrafficCounts{store.TokenIssued: 3, store.RefusedExpired: 1})
	minute := store.TrafficKey{TrafficSource: ofKey(load, "mk_2"), Minute: day(3).Unix() / 60}
	batch[minute] = store.TrafficCounts{store.RefusedRevoked: 1 << 40}
	check(t, s.RecordTraffic(t.Context(), batch))
	recordTraffic(t, elsewhere, load, "mk_1", day(3).Add(time.Hour), store.TrafficCounts{store.TokenIssued: 4, store.RefusedRequest: 2})
	wantTraffic(t, s, ofKey(load, "mk_1"), day3(), store.TrafficCounts{store.TokenIssued: 7, store.RefusedExpired: 1, store.RefusedRequest: 2})
	sum := store.TrafficCounts{store.TokenIssued: 7, store.RefusedExpired: 1, store.RefusedRequest: 2, store.RefusedRevoked: 1 << 40}
	wantTraffic(t, elsewhere, ofKey(load, ""), day3(), sum)
	wantTraffic(t, elsewhere, ofAcme(), day3(), sum)
}

// clock3 is a time on day 3; hours may be beyond it.
func clock3(hour, minute, second int) time.Time {
	return time.Date(2026, time.March, 4, hour, minute, second, 0, time.UTC)
}

func trafficBySteps(t testing.TB, at place) {
	s := at.connect(t)
	for i, when := range []time.Time{clock3(9, 59, 59), clock3(10, 0, 0), clock3(10, 0, 59), clock3(10, 1, 0), clock3(24, 0, 0)} {
		recordTraffic(t, s, load, "mk_1", when, given(int64(1)<<i))
	}
	for _, of := range []store.TrafficSource{ofAcme(), ofKey(load, ""), ofKey(load, "mk_1")} {
		minutes := store.TrafficSpan{Step: store.TrafficMinutes, From: clock3(9, 58, 30), Steps: 4}
		wantTraffic(t, s, of, minutes, given(0), given(1), given(2|4), given(8))
		wantTraffic(t, s, of, store.TrafficSpan{Step: store.TrafficHours, From: clock3(9, 0, 0), Steps: 2}, given(1), given(2|4|8))
		wantTraffic(t, s, of, store.TrafficSpan{Step: store.TrafficDays, From: clock3(23, 0, 0), Steps: 2}, given(1|2|4|8), given(16))
	}
}

// trafficInSpan slides spans of several sizes over a hundred hours, each with a count of its own.
func trafficInSpan(t testing.TB, at place) {
	s := at.connect(t)
	const hours = 100
	all := map[store.TrafficKey]store.TrafficCounts{}
	for i := range hours {
		all[store.TrafficKey{TrafficSource: ofKey(load, "mk_1"), Minute: clock3(i, 30, 0).Unix() / 60}] = given(int64(i + 1))
	}
	check(t, s.RecordTraffic(t.Context(), all))
	for _, steps := range []int{1, 59, 60, 61, 200} {
		for first := -7; first < hours; first += 19 {
			want := make([]store.TrafficCounts, steps)
			var sum int64
			for i := range want {
				if hour := first + i; hour >= 0 && hour < hours {
					want[i] = given(int64(hour + 1))
					sum += int64(hour + 1)
				}
			}
			span := store.TrafficSpan{Step: store.TrafficHours, From: clock3(first, 59, 0), Steps: steps}
			wantTraffic(t, s, ofKey(load, "mk_1"), span, want...)
			parts, err := s.TrafficParts(t.Context(), ofKey(load, ""), span, 10)
			check(t, err)
			if sum == 0 {
				equal(t, "parts of nothing", parts, nil)
				continue
			}
			equal(t, "parts", parts, []store.TrafficPart{{ID: "mk_1", Counts: given(sum)}})
		}
	}
}

// trafficStaysApart uses names that begin alike.
func trafficStaysApart(t testing.TB, at place) {
	s := at.connect(t)
	sources := []store.TrafficSource{
		{AccountID: acme, TenantID: load, ClientID: "mk_1"},
		{AccountID: acme, TenantID: load, ClientID: "mk_11"},
		{AccountID: acme, TenantID: load, ClientID: store.TrafficPasswords},
		{AccountID: acme, TenantID: load + "-1", ClientID: "mk_1/load"},
		{AccountID: acme + "-1", TenantID: "perf", ClientID: "mk_2"},
		{AccountID: load, TenantID: acme, ClientID: "mk_3"},
	}
	for i, source := range sources {
		key := store.TrafficKey{TrafficSource: source, Minute: day(3).Unix() / 60}
		check(t, s.RecordTraffic(t.Context(), map[store.TrafficKey]store.TrafficCounts{key: given(int64(1) << i)}))
	}
	for i, source := range sources {
		wantTraffic(t, s, source, day3(), given(int64(1)<<i))
	}
	for source, want := range map[store.TrafficSource]int64{
		{AccountID: acme}: 1 | 2 | 4 | 8, {AccountID: acme, TenantID: load}: 1 | 2 | 4, {AccountID: acme, TenantID: load + "-1"}: 8,
		{AccountID: acme + "-1"}: 16, {AccountID: load}: 32, {AccountID: load, TenantID: acme}: 32,
		{AccountID: "nobody"}: 0, {AccountID: acme, TenantID: "perf"}: 0,
	} {
		wantTraffic(t, s, source, day3(), given(want))
	}
	parts, err := s.TrafficParts(t.Context(), ofAcme(), day3(), 10)
	check(t, err)
	equal(t, "tenants", parts, []store.TrafficPart{{ID: load + "-1", Counts: given(8)}, {ID: load, Counts: given(7)}})
}

func trafficOfParts(t testing.TB, at place) {
	s := at.connect(t)
	recordTraffic(t, s, load, "mk_d", day(3), given(2))
	recordTraffic(t, s, load, "mk_a", day(3), store.TrafficCounts{store.TokenIssued: 1, store.RefusedWrongSecret: 8})
	recordTraffic(t, s, load, "mk_c", day(3), given(5))
	recordTraffic(t, s, load, "mk_b", day(3), given(5))
	recordTraffic(t, s, load, "mk_e", day(2), given(100))
	recordTraffic(t, s, "perf", "mk_f", day(3), given(100))
	want := []store.TrafficPart{
		{ID: "mk_a", Counts: store.TrafficCounts{store.TokenIssued: 1, store.RefusedWrongSecret: 8}},
		{ID: "mk_b", Counts: given(5)},
		{ID: "mk_c", Counts: given(5)},
		{ID: "mk_d", Counts: given(2)},
	}
	for limit := 1; limit <= 5; limit++ {
		got, err := s.TrafficParts(t.Context(), ofKey(load, ""), day3(), limit)
		check(t, err)
		equal(t, "parts", got, want[:min(limit, 4)])
	}
}

func trafficRefused(t testing.TB, at place) {
	s := at.connect(t)
	bad := func(issued, refused int64) store.TrafficCounts {
		return store.TrafficCounts{store.TokenIssued: issued, store.RefusedWrongSecret: refused - 1, store.RefusedExpired: 1}
	}
	for i := range 60 { // busier than any that is refused
		recordTraffic(t, s, load, fmt.Sprintf("mk_busy%02d", i), day(3), given(1000))
	}
	recordTraffic(t, s, load, "mk_a", day(3), bad(1, 4))
	recordTraffic(t, s, load, "mk_b", day(3), bad(50, 9))
	recordTraffic(t, s, load, "mk_c", day(3), bad(0, 4))
	recordTraffic(t, s, load, "mk_d", day(2), bad(0, 100))
	recordTraffic(t, s, "perf", "mk_e", day(3), bad(0, 100))
	want := []store.TrafficPart{{ID: "mk_b", Counts: bad(50, 9)}, {ID: "mk_a", Counts: bad(1, 4)}, {ID: "mk_c", Counts: bad(0, 4)}}
	for limit := 1; limit <= 4; limit++ {
		got, err := s.TrafficRefused(t.Context(), ofKey(load, ""), day3(), limit)
		check(t, err)
		equal(t, "refused", got, want[:min(limit, 3)])
	}
	got, err := s.TrafficRefused(t.Context(), ofAcme(), day3(), 1)
	check(t, err)
	equal(t, "tenants", got, []store.TrafficPart{{ID: "perf", Counts: bad(0, 100)}})
}

// trafficOfManyParts has more than a store reads at once.
func trafficOfManyParts(t testing.TB, at place) {
	s := at.connect(t)
	const many = 700
	all := map[store.TrafficKey]store.TrafficCounts{}
	for i := range many {
		all[store.TrafficKey{TrafficSource: ofKey(load, fmt.Sprintf("mk_%04d", i)), Minute: day(3).Unix() / 60}] = given(int64(many - i))
	}
	check(t, s.RecordTraffic(t.Context(), all))
	wantTraffic(t, s, ofAcme(), day3(), given(many*(many+1)/2))
	got, err := s.TrafficParts(t.Context(), ofKey(load, ""), day3(), many)
	check(t, err)
	equal(t, "number of parts", len(got), many)
	for i, part := range got {
		equal(t, "part", part, store.TrafficPart{ID: fmt.Sprintf("mk_%04d", i), Counts: given(int64(many - i))})
	}
}

// trafficIsKept forgets as of day 200. What is older than the steps are kept may be gone, but need not.
func trafficIsKept(t testing.TB, at place) {
	s := at.connect(t)
	now := clock3(200*24, 0, 0)
	for _, tenantID := range []string{"before", load, "perf"} {
		for _, ago := range []time.Duration{
			0, time.Hour, 2 * time.Hour,
			7 * 24 * time.Hour, 8 * 24 * time.Hour, 91 * 24 * time.Hour, 200 * 24 * time.Hour,
		} {
			recordTraffic(t, s, tenantID, "mk_1", now.Add(-ago), given(1))
		}
	}
	check(t, s.ForgetTraffic(t.Context(), now))
	for _, row := range []struct {
		step store.TrafficStep
		want int64
	}{{store.TrafficMinutes, 3}, {store.TrafficHours, 5}, {store.TrafficDays, 6}} {
		span := store.TrafficSpan{Step: row.step, From: now.Add(-row.step.Kept()), Steps: int(row.step.Kept()/row.step.Length()) + 1}
		for _, tenantID := range []string{"before", load, "perf"} {
			counts, err := s.Traffic(t.Context(), ofKey(tenantID, "mk_1"), span)
			check(t, err)
			var sum store.TrafficCounts
			for _, some := range counts {
				sum = sum.Plus(some)
			}
			equal(t, fmt.Sprintf("what is kept for %v", row.step.Kept()), sum, given(row.want))
		}
	}
}

func racingTraffic(t testing.TB, at place) {
	both := at.connectTwice(t)
	results := race(both, 40, func(s store.Store, i int) error {
		return s.RecordTraffic(t.Context(), asked(load, fmt.Sprint("mk_", i%2), day(3), given(1)))
	})
	for _, err := range results {
		check(t, err)
	}
	wantTraffic(t, both[0], ofKey(load, "mk_0"), day3(), given(20))
	wantTraffic(t, both[1], ofAcme(), day3(), given(40))
}
