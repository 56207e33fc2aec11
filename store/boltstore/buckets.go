package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// bucket names a bucket. The parts of its keys are joined by a slash, which no part but the last may contain.
type bucket string

const (
	bucketMeta           bucket = "meta"            // "schema" → version
	bucketAccounts       bucket = "accounts"        // account → JSON
	bucketTenants        bucket = "tenants"         // tenant → JSON
	bucketAccountTenants bucket = "account_tenants" // account/tenant → nothing
	bucketUsers          bucket = "users"           // account/user → JSON
	bucketUserIDs        bucket = "user_ids"        // user → account, because IDs of users are unique in the store
	bucketAddresses      bucket = "addresses"       // folded address/account → user
	bucketUsedIDs        bucket = "used_ids"        // digest → itself
	bucketMemberships    bucket = "memberships"     // tenant/user → JSON
	bucketUserTenants    bucket = "user_tenants"    // account/user/tenant → nothing
	bucketClientIDs      bucket = "client_ids"      // client ID → tenant/user
	bucketAccessTimes    bucket = "access_times"    // tenant/client ID → RFC 3339
	bucketAccesses       bucket = "accesses"        // tenant/client ID → JSON
	bucketEvents         bucket = "events"          // account/event → JSON
	bucketDocuments      bucket = "documents"       // name → bytes

	// The times in these keys are instants. See the files that use them for the rest.
	bucketArrivals         bucket = "arrivals"          // account/sequence → event
	bucketDigests          bucket = "digests"           // digest prefix/client ID → nothing
	bucketIssueOrder       bucket = "issue_order"       // account/issued, tenant, user, client ID → nothing
	bucketEndOrder         bucket = "end_order"         // account/own end, tenant, user, client ID → nothing
	bucketOutbox           bucket = "outbox"            // due, event/account → JSON
	bucketOutboxPlaces     bucket = "outbox_places"     // account/event → key in outbox
	bucketRevocations      bucket = "revocations"       // revocation → JSON
	bucketRevocationEnds   bucket = "revocation_ends"   // until, revocation → nothing
	bucketEphemera         bucket = "ephemera"          // key → expires, bytes
	bucketEphemeraExpiries bucket = "ephemera_expiries" // expires, key → nothing
	bucketTraffic          bucket = "traffic"           // see traffic.go
)

func buckets() []bucket {
	return []bucket{
		bucketMeta, bucketAccounts, bucketTenants, bucketAccountTenants, bucketUsers, bucketUserIDs, bucketAddresses,
		bucketUsedIDs,
		bucketMemberships, bucketUserTenants, bucketClientIDs, bucketAccessTimes, bucketAccesses, bucketEvents, bucketArrivals, bucketDocuments,
		bucketDigests, bucketIssueOrder, bucketEndOrder, bucketOutbox, bucketOutboxPlaces,
		bucketRevocations, bucketRevocationEnds, bucketEphemera, bucketEphemeraExpiries,
		bucketTraffic,
	}
}

// fill is how full a page is left that has to be split. What comes in the order of its keys, within an account, never goes back to a page;
// half of one, as bbolt leaves it, would stay empty. IDs of users may come in order or at random: this costs little either way. Client
// IDs and digests are random, and so is where a tenant's members are.
func (b bucket) fill() float64 {
	switch b {
	case bucketEvents, bucketArrivals, bucketIssueOrder, bucketEndOrder, bucketRevocationEnds, bucketEphemeraExpiries:
		return 0.7
	case bucketUsers, bucketUserIDs, bucketAddresses, bucketUserTenants, bucketTenants, bucketAccountTenants:
		return 0.6
	default:
		return bbolt.DefaultFillPercent
	}
}

const separator = "/"

// everything is a page large enough for a whole list.
func everything() store.Page { return store.Page{Limit: math.MaxInt} }

// get returns the value, or nil. It is valid only during the transaction.
func (b bucket) get(tx *bbolt.Tx, key string) []byte {
	return tx.Bucket([]byte(b)).Get([]byte(key))
}

func (b bucket) has(tx *bbolt.Tx, key string) bool { return b.get(tx, key) != nil }

func (b bucket) put(tx *bbolt.Tx, key string, value []byte) error {
	within := tx.Bucket([]byte(b))
	within.FillPercent = b.fill()
	if err := within.Put([]byte(key), value); err != nil {
		return fmt.Errorf("save %s %q: %w", b, key, err)
	}
	return nil
}

func (b bucket) putJSON(tx *bbolt.Tx, key string, record any) error {
	value, err := store.EncodeRecord(record)
	if err != nil {
		return fmt.Errorf("%s %q: %w", b, key, err)
	}
	return b.put(tx, key, value)
}

func (b bucket) delete(tx *bbolt.Tx, key string) error {
	if err := tx.Bucket([]byte(b)).Delete([]byte(key)); err != nil {
		return fmt.Errorf("delete %s %q: %w", b, key, err)
	}
	return nil
}

// load returns the record under key, or store.ErrNotFound.
func load[T any](tx *bbolt.Tx, b bucket, key string) (record T, err error) {
	value := b.get(tx, key)
	if value == nil {
		return record, store.ErrNotFound
	}
	return decode[T](b, key, value)
}

// loadAll returns those of the records that exist, by ID.
func loadAll[T any](tx *bbolt.Tx, b bucket, prefix string, ids []string) (map[string]T, error) {
	records := make(map[string]T, len(ids))
	for _, id := range ids {
		record, err := load[T](tx, b, prefix+id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		records[id] = record
	}
	return records, nil
}

func decode[T any](b bucket, key string, value []byte) (T, error) {
	record, err := store.DecodeRecord[T](value)
	if err != nil {
		return record, undecodable(b, key, err)
	}
	return record, nil
}

// scan calls f for a page of the keys that begin with prefix, in order, each without the prefix.
func (b bucket) scan(tx *bbolt.Tx, prefix string, page store.Page, visit func(id string, value []byte) error) error {
	begin := prefix + page.After
	cursor, left := tx.Bucket([]byte(b)).Cursor(), page.Limit
	for key, value := cursor.Seek([]byte(begin)); key != nil && left > 0; key, value = cursor.Next() {
		if !bytes.HasPrefix(key, []byte(prefix)) {
			return nil
		}
		if string(key) == begin {
			continue
		}
		if err := visit(string(key[len(prefix):]), value); err != nil {
			return err
		}
		left--
	}
	return nil
}

// list decodes a page of the records under prefix.
func list[T any](tx *bbolt.Tx, b bucket, prefix string, page store.Page) ([]T, error) {
	var records []T
	err := b.scan(tx, prefix, page, func(id string, value []byte) error {
		record, err := decode[T](b, prefix+id, value)
		records = append(records, record)
		return err
	})
	return records, err
}
