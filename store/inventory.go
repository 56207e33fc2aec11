package store

import (
	"context"
	"time"
)

// Inventory lists in full what the rest of a Store only finds by name. It is for copies and tests: no request may wait for it.
// What is written meanwhile may be visited or not. An error of visit stops the listing and is returned.
type Inventory interface {
	// DocumentNames lists the names of all documents, in order.
	DocumentNames(ctx context.Context) ([]string, error)
	// EachOutboxEntry visits every entry of the outbox, in no order, with the time at which it is due. A leased one is due
	// when its lease ends.
	EachOutboxEntry(ctx context.Context, visit func(entry OutboxEntry, due time.Time) error) error
	// EachEphemeral visits every value that has not been deleted, in no order.
	EachEphemeral(ctx context.Context, visit func(key string, value []byte, expires time.Time) error) error
	// EachTrafficRecord visits every record of traffic, in no order.
	EachTrafficRecord(ctx context.Context, visit func(record TrafficRecord, cells TrafficCells) error) error
	// AddTrafficRecords adds the cells to those of the records, as RecordTraffic does.
	AddTrafficRecords(ctx context.Context, records map[TrafficRecord]TrafficCells) error
}
