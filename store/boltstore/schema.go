package boltstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

const schemaKey = "schema"

// prepareFile writes only if something is missing: a commit waits for the disk.
func prepareFile(db *bbolt.DB) error {
	var prepared bool
	err := db.View(func(tx *bbolt.Tx) (err error) {
		prepared, err = isCurrent(tx)
		return err
	})
	if err != nil || prepared {
		return err
	}
	return db.Update(prepare)
}

// isCurrent says whether all buckets are there and the version is this program's.
func isCurrent(tx *bbolt.Tx) (bool, error) {
	for _, b := range buckets() {
		if tx.Bucket([]byte(b)) == nil {
			return false, nil
		}
	}
	if tx.Bucket([]byte(oldEmails)) != nil {
		return false, nil
	}
	version, err := schemaVersion(tx)
	return version == store.SchemaVersion, err
}

// prepare checks the version of the layout before it touches anything. Buckets that came later are added to an older file.
func prepare(tx *bbolt.Tx) error {
	isNew := tx.Bucket([]byte(bucketMeta)) == nil
	version := store.SchemaVersion
	if !isNew {
		var err error
		if version, err = schemaVersion(tx); err != nil {
			return err
		}
		if version > store.SchemaVersion {
			return fmt.Errorf("%w: its schema is %d, this program knows %d", store.ErrSchemaTooNew, version, store.SchemaVersion)
		}
	}
	ordered := tx.Bucket([]byte(bucketArrivals)) != nil
	for _, b := range buckets() {
		if _, err := tx.CreateBucketIfNotExists([]byte(b)); err != nil {
			return fmt.Errorf("bucket %s: %w", b, err)
		}
	}
	if !ordered {
		if err := orderOldEvents(tx); err != nil {
			return err
		}
	}
	if !isNew {
		return moveIfCurrent(tx, version)
	}
	return putSchemaVersion(tx, store.SchemaVersion)
}

// moveIfCurrent leaves a store of an earlier version as it is until it is upgraded, so that the earlier program can still use it.
func moveIfCurrent(tx *bbolt.Tx, version int) error {
	if version < store.SchemaVersion {
		return nil
	}
	return moveOldEmails(tx)
}

func schemaVersion(tx *bbolt.Tx) (int, error) {
	version, err := strconv.Atoi(string(bucketMeta.get(tx, schemaKey)))
	if err != nil {
		return 0, undecodable(bucketMeta, schemaKey, err)
	}
	return version, nil
}

func putSchemaVersion(tx *bbolt.Tx, version int) error {
	return bucketMeta.put(tx, schemaKey, []byte(strconv.Itoa(version)))
}

// SchemaVersion implements store.Schema.
func (s *Store) SchemaVersion(ctx context.Context) (version int, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		version, err = schemaVersion(tx)
		return err
	})
	return version, err
}

// SetSchemaVersion implements store.Schema.
func (s *Store) SetSchemaVersion(ctx context.Context, version int) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		return errors.Join(moveIfCurrent(tx, version), putSchemaVersion(tx, version))
	})
}
