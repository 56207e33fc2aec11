// Package bolttest lets tests look into the file of a bolt store, past the store.
package bolttest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// Text returns all that the file holds, as it is and with its records unpacked. The store may be open: a copy is read.
func Text(t testing.TB, path string) string {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(saved, file, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(saved, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	text := bytes.NewBuffer(file)
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, bucket *bbolt.Bucket) error {
			return bucket.ForEach(func(_, value []byte) error {
				if record, err := store.UnpackRecord(value); err == nil { // not every value is a record
					text.WriteByte('\n')
					text.Write(record)
				}
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}
