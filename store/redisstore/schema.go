package redisstore

import (
	"context"
	"fmt"
	"strconv"

	"mintkey/store"
)

// checkSchema gives an empty Redis the version of this program, and refuses a later one.
func (s *Store) checkSchema(ctx context.Context) error {
	if err := s.client.SetNX(ctx, schemaKey, store.SchemaVersion, 0).Err(); err != nil {
		return unavailable(ctx, err)
	}
	version, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if version > store.SchemaVersion {
		return fmt.Errorf("%w: its schema is %d, this program knows %d", store.ErrSchemaTooNew, version, store.SchemaVersion)
	}
	return nil
}

// SchemaVersion implements store.Schema.
func (s *Store) SchemaVersion(ctx context.Context) (int, error) {
	text, err := s.get(ctx, schemaKey)
	if err != nil {
		return 0, err
	}
	if !text.exists { // Redis was emptied since this store was opened
		return 0, fmt.Errorf("schema version: %w", store.ErrNotFound)
	}
	version, err := strconv.Atoi(text.value)
	if err != nil {
		return 0, fmt.Errorf("%s in Redis is no schema version: %w", schemaKey, err)
	}
	return version, nil
}

// SetSchemaVersion implements store.Schema.
func (s *Store) SetSchemaVersion(ctx context.Context, version int) error {
	before, err := s.SchemaVersion(ctx)
	if err == nil && before < version {
		err = s.dropOldFeeds(ctx)
	}
	if err != nil {
		return err
	}
	return untilSaved(ctx, func() (bool, error) {
		var c change
		c.do("SET", schemaKey, version)
		return s.commit(ctx, c)
	})
}
