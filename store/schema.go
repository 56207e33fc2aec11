package store

import "context"

// SchemaVersion is the version of the layout that this program writes. It reads the one before as well.
const SchemaVersion = 2

// Schema is the version of the layout of a store's data. A new store is at SchemaVersion; opening an older one leaves its version
// as it is, and opening a newer one returns ErrSchemaTooNew. See Upgrade.
type Schema interface {
	// SchemaVersion returns the version.
	SchemaVersion(ctx context.Context) (int, error)
	// SetSchemaVersion saves the version.
	SetSchemaVersion(ctx context.Context, version int) error
}
