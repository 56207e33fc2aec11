package main_test

import (
	"bytes"

	"github.com/rogpeppe/go-internal/testscript"
	"go.etcd.io/bbolt"

	"mintkey/store"
)

// tamper FILE OLD NEW replaces a text in every record of a bolt file, past the server.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	db, err := bbolt.Open(ts.MkAbs(args[0]), 0o600, nil)
	ts.Check(err)
	defer func() { ts.Check(db.Close()) }()
	replaced := 0
	ts.Check(db.Update(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, bucket *bbolt.Bucket) error {
			changed := map[string][]byte{}
			err := bucket.ForEach(func(key, value []byte) error {
				text, err := store.UnpackRecord(value)
				if err == nil && bytes.Contains(text, []byte(args[1])) {
					changed[string(key)] = bytes.ReplaceAll(text, []byte(args[1]), []byte(args[2]))
				}
				return nil // not every bucket holds records
			})
			for key, value := range changed {
				if err == nil {
					err = bucket.Put([]byte(key), value)
				}
			}
			replaced += len(changed)
			return err
		})
	}))
	if replaced == 0 {
		ts.Fatalf("no record of %s has %s", args[0], args[1])
	}
}
