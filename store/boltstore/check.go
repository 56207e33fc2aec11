package boltstore

import (
	"context"
	"errors"
	"os"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// Contents is what Check found.
type Contents struct {
	store.Tally

	Records  int  `json:"records"`  // of every kind, index entries included
	Checksum bool `json:"checksum"` // it is a backup with the right checksum
}

// Check examines a store, or a backup of one, without changing it: its checksum if it has one, its pages, every record, and that records
// and indexes agree. It returns store.ErrDamaged with the reason, store.ErrInUse if a process uses the file, store.ErrSchemaTooNew if a
// later version of the program wrote it, and fs.ErrNotExist.
func Check(ctx context.Context, path string) (found Contents, err error) {
	err = hold(path, func(db *bbolt.DB) error {
		if _, found.Checksum, err = checkFile(path, db); err != nil {
			return err
		}
		return survive(func() error {
			return db.View(func(tx *bbolt.Tx) error {
				inspection := inspection{ctx: ctx, tx: tx, found: &found}
				return inspection.run()
			})
		})
	})
	return found, err
}

// examine checks all pages of an existing file before it is opened for writing, and removes the checksum of a backup.
func examine(path string) error {
	return hold(path, func(db *bbolt.DB) error {
		content, sealed, err := checkFile(path, db)
		if err != nil || !sealed {
			return err
		}
		return breakSeal(path, content)
	})
}

// hold keeps writers away from the file while f runs. A file so opened is read no further than its meta pages.
func hold(path string, f func(*bbolt.DB) error) (err error) {
	if info, err := os.Stat(path); err != nil {
		return err
	} else if info.Size() == 0 {
		return damaged("it is empty") // which bbolt would try to change
	}
	var db *bbolt.DB
	err = survive(func() (err error) {
		db, err = bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout, NoStatistics: true})
		return err
	})
	if err != nil {
		return openError(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f(db)
}

// checkFile examines checksum and pages of a file that db holds.
func checkFile(path string, db *bbolt.DB) (content int64, sealed bool, err error) {
	err = withFile(path, func(file *os.File, size int64) error {
		if content, sealed, err = checkSeal(file, size); err != nil {
			return err
		}
		return checkPages(file, content, db.Info().PageSize)
	})
	return content, sealed, err
}

// withFile runs f with the file and its size.
func withFile(path string, f func(file *os.File, size int64) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		err = f(file, info.Size())
	}
	return errors.Join(err, file.Close())
}
