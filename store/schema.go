package store

import "context"

// SchemaVersion is the version of the layout that this program writes. It reads the one before as well.
const SchemaVersion = 2

// Schema is the version of the layout of a store's data. A store is at SchemaVersion from the moment that it is made; opening an older one
// changes nothing about that, and opening a newer one is ErrSchemaTooNew. See Upgrade.
type Schema interface {
	// SchemaVersion returns the version.
	SchemaVersion(ctx context.Context) (int, error)
	// SetSchemaVersion saves the version.
	SetSchemaVersion(ctx context.Context, version int) error
}
