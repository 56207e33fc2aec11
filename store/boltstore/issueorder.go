package boltstore

import (
	"bytes"
	"context"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// issueSeparator comes before every byte of an ID, so that "load" comes before "load-1" whatever follows.
const issueSeparator = "\x00"

func issueKey(accountID string, k store.IssuedKey) string {
	return accountID + separator + instant(k.IssuedAt) + strings.Join([]string{k.TenantID, k.UserID, k.ClientID}, issueSeparator)
}

// parseIssueKey parses the part after the account.
func parseIssueKey(key string) (store.IssuedKey, error) {
	if len(key) >= instantSize {
		if ids := strings.Split(key[instantSize:], issueSeparator); len(ids) == 3 {
			return store.IssuedKey{IssuedAt: timeOf(key), TenantID: ids[0], UserID: ids[1], ClientID: ids[2]}, nil
		}
	}
	return store.IssuedKey{}, undecodable(bucketIssueOrder, key, errKey)
}

// KeysByIssue implements store.IssueOrder.
func (s *Store) KeysByIssue(
	ctx context.Context, accountID string, after store.IssuedKey, until time.Time, limit int,
) (keys []store.IssuedKey, err error) {
	prefix, begin, end := []byte(accountID+separator), []byte(issueKey(accountID, after)), instant(until)
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		cursor := tx.Bucket([]byte(bucketIssueOrder)).Cursor()
		for key, _ := cursor.Seek(begin); bytes.HasPrefix(key, prefix) && len(keys) < limit; key, _ = cursor.Next() {
			issued, err := parseIssueKey(string(key[len(prefix):]))
			if err != nil {
				return err
			}
			if instant(issued.IssuedAt) > end {
				return nil
			}
			if !bytes.Equal(key, begin) {
				keys = append(keys, issued)
			}
		}
		return nil
	})
	return keys, err
}
