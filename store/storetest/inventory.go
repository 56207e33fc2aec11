package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"mintkey/store"
)

func inventoryCases() []testCase {
	return []testCase{
		{"inventory names all documents", inventoryOfDocuments},
		{"inventory has every outbox entry", inventoryOfOutbox},
		{"inventory has every ephemeral", inventoryOfEphemera},
		{"inventory has every record of traffic", inventoryOfTraffic},
		{"inventory stops at an error", inventoryStops},
	}
}

// scheduled is an entry of the outbox, and when it is due.
type scheduled struct {
	Entry store.OutboxEntry
	Due   time.Time
}

func eachOutboxEntry(ctx context.Context, s store.Store) (found []scheduled, err error) {
	err = s.EachOutboxEntry(ctx, func(entry store.OutboxEntry, due time.Time) error {
		found = append(found, scheduled{entry, due})
		return nil
	})
	slices.SortFunc(found, func(a, b scheduled) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Entry.Event.ID, b.Entry.Event.ID))
	})
	return found, err
}

// ephemeral is a value with its key and time.
type ephemeral struct {
	Key, Value string
	Expires    time.Time
}

func eachEphemeral(ctx context.Context, s store.Store) (found []ephemeral, err error) {
	err = s.EachEphemeral(ctx, func(key string, value []byte, expires time.Time) error {
		found = append(found, ephemeral{key, string(value), expires})
		return nil
	})
	slices.SortFunc(found, func(a, b ephemeral) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(found, func(a, b ephemeral) bool { return a.Key == b.Key }), err // a visit may be repeated
}

func inventoryOfDocuments(t testing.TB, at place) {
	s := at.connect(t)
	none, err := s.DocumentNames(t.Context())
	check(t, err)
	equal(t, "documents of an empty store", none, nil)
	names := []string{"signing-keys", "signing-keys/2", "status", "a:b*"}
	for _, name := range names {
		setDocument(t, s, name, "document")
	}
	Populate(t, s) // other records are no documents
	slices.Sort(names)
	got, err := s.DocumentNames(t.Context())
	check(t, err)
	equal(t, "documents", got, names)
}

func inventoryOfOutbox(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	settle(t, s)
	check(t, s.CreateAccount(ctx, account(other)))
	put(t, s, membership(load, ada, "mk_1"), announced(event(acme, load, 1)))
	check(t, s.RecordEvents(ctx, announced(event(acme, "", 2)), announced(event(other, "", 30)), event(acme, "", 4)))
	wantClaimed(t, s, day(2), day(50), entries(event(acme, load, 1), event(acme, "", 2))...)
	tried := store.OutboxEntry{Event: event(acme, "", 2), Attempts: 3, Delivered: []string{"mail"}}
	check(t, s.PostponeOutbox(ctx, tried, day(60)))
	got, err := eachOutboxEntry(ctx, s)
	check(t, err)
	equal(t, "entries", got, []scheduled{
		{store.OutboxEntry{Event: event(other, "", 30)}, day(30)},
		{store.OutboxEntry{Event: event(acme, load, 1)}, day(50)},
		{tried, day(60)},
	})
	check(t, s.CompleteOutbox(ctx, tried))
	got, err = eachOutboxEntry(ctx, s)
	check(t, err)
	equal(t, "entries that are left", len(got), 2)
}

func inventoryOfEphemera(t testing.TB, at place) {
	s := at.connect(t)
	var want []ephemeral
	for i := range 1200 { // more than a store reads at once
		e := ephemeral{fmt.Sprintf("session/%04d", i), fmt.Sprintf("a value %d", i), farOff().Add(time.Duration(i))}
		want = append(want, e)
	}
	eachAtOnce(len(want), func(i int) {
		if err := s.PutEphemeral(t.Context(), want[i].Key, []byte(want[i].Value), want[i].Expires); err != nil {
			t.Errorf("put: %v", err)
		}
	})
	check(t, s.DeleteEphemeral(t.Context(), want[7].Key))
	check(t, s.PutEphemeral(t.Context(), want[0].Key, []byte("not text: \x00\xff "), farOff()))
	want[0].Value, want = "not text: \x00\xff ", slices.Delete(want, 7, 8)
	got, err := eachEphemeral(t.Context(), s)
	check(t, err)
	equal(t, "ephemera", got, want)
}

// trafficRecord is a record of traffic with what it holds.
type trafficRecord struct {
	Record store.TrafficRecord
	Cells  store.TrafficCells
}

func eachTrafficRecord(ctx context.Context, s store.Store) (found []trafficRecord, err error) {
	err = s.EachTrafficRecord(ctx, func(record store.TrafficRecord, cells store.TrafficCells) error {
		found = append(found, trafficRecord{record, cells})
		return nil
	})
	slices.SortFunc(found, func(a, b trafficRecord) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return found, err
}

// inventoryOfTraffic adds what another store's inventory would have brought to what was counted here.
func inventoryOfTraffic(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, elsewhere := both[0], both[1]
	source := store.TrafficSource{AccountID: acme, TenantID: load, ClientID: "mk_1@x:y/z"}
	counts := map[store.TrafficKey]store.TrafficCounts{{TrafficSource: source, Minute: day(1).Unix() / 60}: {3, 1}}
	check(t, s.RecordTraffic(t.Context(), counts))
	want := store.LayOutTraffic(counts)
	check(t, elsewhere.AddTrafficRecords(t.Context(), want))
	for _, cells := range want {
		for cell := range cells {
			cells[cell] *= 2
		}
	}
	found, err := eachTrafficRecord(t.Context(), s)
	check(t, err)
	got := map[store.TrafficRecord]store.TrafficCells{}
	for _, r := range found {
		got[r.Record] = r.Cells
	}
	equal(t, "records", got, want)
	span := store.TrafficSpan{Step: store.TrafficHours, From: day(1), Steps: 1}
	series, err := s.Traffic(t.Context(), source, span)
	check(t, err)
	equal(t, "what is counted", series, []store.TrafficCounts{{6, 2}})
	parts, err := s.TrafficParts(t.Context(), store.TrafficSource{AccountID: acme, TenantID: load}, span, 10)
	check(t, err)
	equal(t, "parts", parts, []store.TrafficPart{{ID: source.ClientID, Counts: store.TrafficCounts{6, 2}}})
}

func inventoryStops(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	visits := 0
	refuse := func() error { visits++; return errRefused }
	check(t, s.RecordEvents(t.Context(), announced(event(acme, "", 1)), announced(event(acme, "", 2))))
	wantRefused(t, s.EachOutboxEntry(t.Context(), func(store.OutboxEntry, time.Time) error { return refuse() }))
	keep(t, s, "session/1", "one")
	keep(t, s, "session/2", "two")
	wantRefused(t, s.EachEphemeral(t.Context(), func(string, []byte, time.Time) error { return refuse() }))
	key := store.TrafficKey{TrafficSource: store.TrafficSource{AccountID: acme}}
	check(t, s.RecordTraffic(t.Context(), map[store.TrafficKey]store.TrafficCounts{key: {1}}))
	wantRefused(t, s.EachTrafficRecord(t.Context(), func(store.TrafficRecord, store.TrafficCells) error { return refuse() }))
	equal(t, "visits", visits, 3)
}
