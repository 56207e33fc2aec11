package storetest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"mintkey/store"
)

func inventoryTwins() []twin {
	return []twin{
		{"inventory names all documents", "cuts names at the slash", func(s store.Store) store.Store { return cutsNames{s} }},
		{"inventory has every outbox entry", "leaves out what is leased or postponed", func(s store.Store) store.Store { return dueOnly{s} }},
		{"inventory has every outbox entry", "tells the time of the event", func(s store.Store) store.Store { return tellsEventTime{s} }},
		{"inventory has every ephemeral", "reads one batch", func(s store.Store) store.Store { return firstBatch{s} }},
		{"inventory has every ephemeral", "does not tell when", func(s store.Store) store.Store { return timeless{s} }},
		{"inventory has every record of traffic", "leaves out the parts", func(s store.Store) store.Store { return wholesOnly{s} }},
		{"inventory has every record of traffic", "replaces what was counted", func(s store.Store) store.Store { return replacesTraffic{s} }},
		{"inventory stops at an error", "swallows it", func(s store.Store) store.Store { return swallows{s} }},
	}
}

type cutsNames struct{ store.Store }

func (b cutsNames) DocumentNames(ctx context.Context) ([]string, error) {
	names, err := b.Store.DocumentNames(ctx)
	return slices.DeleteFunc(names, func(name string) bool { return name == "signing-keys/2" }), err
}

type dueOnly struct{ store.Store }

func (b dueOnly) EachOutboxEntry(ctx context.Context, visit func(store.OutboxEntry, time.Time) error) error {
	return b.Store.EachOutboxEntry(ctx, func(entry store.OutboxEntry, due time.Time) error {
		if !due.Equal(entry.Event.At) {
			return nil
		}
		return visit(entry, due)
	})
}

type tellsEventTime struct{ store.Store }

func (b tellsEventTime) EachOutboxEntry(ctx context.Context, visit func(store.OutboxEntry, time.Time) error) error {
	return b.Store.EachOutboxEntry(ctx, func(entry store.OutboxEntry, _ time.Time) error { return visit(entry, entry.Event.At) })
}

type firstBatch struct{ store.Store }

func (b firstBatch) EachEphemeral(ctx context.Context, visit func(string, []byte, time.Time) error) error {
	left := 500
	return b.Store.EachEphemeral(ctx, func(key string, value []byte, expires time.Time) error {
		if left--; left < 0 {
			return nil
		}
		return visit(key, value, expires)
	})
}

type timeless struct{ store.Store }

func (b timeless) EachEphemeral(ctx context.Context, visit func(string, []byte, time.Time) error) error {
	return b.Store.EachEphemeral(ctx, func(key string, value []byte, _ time.Time) error { return visit(key, value, time.Time{}) })
}

type swallows struct{ store.Store }

func (b swallows) EachEphemeral(ctx context.Context, visit func(string, []byte, time.Time) error) error {
	_ = b.Store.EachEphemeral(ctx, visit)
	return nil
}

type wholesOnly struct{ store.Store }

func (b wholesOnly) EachTrafficRecord(ctx context.Context, visit func(store.TrafficRecord, store.TrafficCells) error) error {
	return b.Store.EachTrafficRecord(ctx, func(record store.TrafficRecord, cells store.TrafficCells) error {
		if record.Name != "" {
			return nil
		}
		return visit(record, cells)
	})
}

type replacesTraffic struct{ store.Store }

func (b replacesTraffic) AddTrafficRecords(ctx context.Context, records map[store.TrafficRecord]store.TrafficCells) error {
	none := map[store.TrafficRecord]store.TrafficCells{}
	err := b.EachTrafficRecord(ctx, func(record store.TrafficRecord, cells store.TrafficCells) error {
		none[record] = store.TrafficCells{}
		for cell, n := range cells {
			none[record][cell] = -n
		}
		return nil
	})
	return errors.Join(err, b.Store.AddTrafficRecords(ctx, none), b.Store.AddTrafficRecords(ctx, records))
}
