package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Location {
		path := filepath.Join(t.TempDir(), "mintkey.db")
		return storetest.Location{Single: true, Open: func(t *testing.T) store.Store { return open(t, path) }}
	})
}

func open(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path)
	check(t, err)
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "mintkey.db")
	check(t, open(t, path).Close())
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		check(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}

func TestOpenRefusesFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	s := open(t, path)
	_, err := boltstore.Open(path)
	if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, want ErrInUse with the path", err)
	}
	check(t, s.Close())
	check(t, open(t, path).Close())
}

func TestOpenRefusesNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	check(t, open(t, path).Close())
	setSchema(t, path, "3")
	_, err := boltstore.Open(path)
	if !errors.Is(err, store.ErrSchemaTooNew) || !strings.Contains(err.Error(), "its schema is 3, this program knows 2") {
		t.Errorf("error is %v, want ErrSchemaTooNew with both versions", err)
	}
	setSchema(t, path, "2") // also: the refusal has let go of the file
	check(t, open(t, path).Close())
}

func setSchema(t *testing.T, path, version string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	check(t, err)
	check(t, db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte(version))
	}))
	check(t, db.Close())
}

func TestOpenRefusesOtherFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	text := bytes.Repeat([]byte("not a store\n"), 1000)
	check(t, os.WriteFile(path, text, 0o600))
	if _, err := boltstore.Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, want one with the path", err)
	}
	after, err := os.ReadFile(path)
	check(t, err)
	if !bytes.Equal(after, text) {
		t.Error("the file has been changed")
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	check(t, s.Close())
	_, err := s.Account(t.Context(), "acme")
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("reading returns %v, want ErrUnavailable", err)
	}
	if err := s.CreateAccount(t.Context(), policy.Account{ID: "acme"}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("writing returns %v, want ErrUnavailable", err)
	}
}

func TestBackupIsStoreOfItsOwn(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	check(t, populate(t.Context(), s))
	var copied bytes.Buffer
	check(t, s.Backup(t.Context(), &copied))
	check(t, s.CreateAccount(t.Context(), policy.Account{ID: "later"}))

	path := filepath.Join(folder, "copy.db")
	check(t, os.WriteFile(path, copied.Bytes(), 0o600))
	restored := open(t, path)
	defer func() { check(t, restored.Close()) }()
	_, err := restored.SubjectByClientID(t.Context(), "mk_1")
	check(t, err)
	if _, err := restored.Account(t.Context(), "later"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what came after the backup gives %v, want ErrNotFound", err)
	}
}

func TestBackupIsCancelled(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Backup(ctx, writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
