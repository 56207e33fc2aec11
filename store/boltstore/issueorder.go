package boltstore

import (
	"bytes"
	"context"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// datedSeparator comes before every byte of an ID, so that "load" comes before "load-1" whatever follows.
const datedSeparator = "\x00"

// datedKey is the key of an order of access keys.
func datedKey(accountID string, k store.DatedKey) string {
	return accountID + separator + instant(k.At) + strings.Join([]string{k.TenantID, k.UserID, k.ClientID}, datedSeparator)
}

// parseDatedKey parses the part after the account.
func parseDatedKey(order bucket, key string) (store.DatedKey, error) {
	if len(key) >= instantSize {
		if ids := strings.Split(key[instantSize:], datedSeparator); len(ids) == 3 {
			return store.DatedKey{At: timeOf(key), TenantID: ids[0], UserID: ids[1], ClientID: ids[2]}, nil
		}
	}
	return store.DatedKey{}, undecodable(order, key, errKey)
}

// KeysByIssue implements store.KeyOrders.
func (s *Store) KeysByIssue(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return s.keysInOrder(ctx, bucketIssueOrder, accountID, after, until, limit)
}

// eachAtOnce is how many keys EachKeyByIssue reads in one transaction: a long one would make the file grow.
const eachAtOnce = 5000

// EachKeyByIssue implements store.KeyOrders.
func (s *Store) EachKeyByIssue(
	ctx context.Context, accountID string, from, until time.Time, visit func(store.DatedKey) error,
) error {
	for after := (store.DatedKey{At: from}); ; {
		keys, err := s.KeysByIssue(ctx, accountID, after, until, eachAtOnce)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := visit(key); err != nil {
				return err
			}
		}
		if len(keys) < eachAtOnce {
			return nil
		}
		after = keys[len(keys)-1]
	}
}

// KeysByEnd implements store.KeyOrders.
func (s *Store) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return s.keysInOrder(ctx, bucketEndOrder, accountID, after, until, limit)
}

func (s *Store) keysInOrder(
	ctx context.Context, order bucket, accountID string, after store.DatedKey, until time.Time, limit int,
) (keys []store.DatedKey, err error) {
	prefix, begin, end := []byte(accountID+separator), []byte(datedKey(accountID, after)), instant(until)
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		cursor := tx.Bucket([]byte(order)).Cursor()
		for key, _ := cursor.Seek(begin); bytes.HasPrefix(key, prefix) && len(keys) < limit; key, _ = cursor.Next() {
			dated, err := parseDatedKey(order, string(key[len(prefix):]))
			if err != nil {
				return err
			}
			if instant(dated.At) > end {
				return nil
			}
			if !bytes.Equal(key, begin) {
				keys = append(keys, dated)
			}
		}
		return nil
	})
	return keys, err
}
