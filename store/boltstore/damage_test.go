package boltstore_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

const pageSize = 4096

// backupOf returns a backup of a store whose file has some dozens of pages.
func backupOf(t *testing.T) []byte {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	check(t, populate(t.Context(), s))
	for writer := range 20 {
		id := crashUser(writer)
		check(t, s.CreateUser(t.Context(), policy.User{ID: id, AccountID: "acme", Email: id + "@example.com"}))
		check(t, s.UpdateMembership(t.Context(), "load", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m.Role, m.Keys = policy.RoleMember, []policy.AccessKey{crashKey(writer, 1)}
			return m, []policy.Event{{ID: policy.NewEventID(crashTime(1), [10]byte{byte(writer)}), At: crashTime(1), AccountID: "acme"}}, nil
		}))
	}
	var backup bytes.Buffer
	check(t, s.Backup(t.Context(), &backup))
	check(t, s.Close())
	return backup.Bytes()
}

// withoutChecksum is the backup as an earlier version of the program wrote it, or a store's own file.
func withoutChecksum(backup []byte) []byte { return backup[:len(backup)/pageSize*pageSize] }

func write(t *testing.T, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "mintkey.db")
	check(t, os.WriteFile(path, content, 0o600))
	return path
}

func TestCheckSoundFiles(t *testing.T) {
	backup := backupOf(t)
	found, err := boltstore.Check(t.Context(), write(t, backup))
	check(t, err)
	if !found.Checksum || found.Accounts != 1 || found.AccessKeys != 22 || found.Records < 100 {
		t.Errorf("the backup has %+v", found)
	}
	path := write(t, withoutChecksum(backup))
	if found, err = boltstore.Check(t.Context(), path); err != nil || found.Checksum {
		t.Errorf("without its checksum the backup has %+v, %v", found, err)
	}
	s := open(t, path)
	if _, err := boltstore.Check(t.Context(), path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a check of an open file gives %v, want ErrInUse", err)
	}
	check(t, s.Close())
}

// A backup that is opened as a store and changed must not be refused because of a checksum that no longer holds.
func TestOpenedBackupLosesItsChecksum(t *testing.T) {
	path := write(t, backupOf(t))
	s := open(t, path)
	check(t, s.UpdateDocument(t.Context(), "some", func([]byte) ([]byte, error) { return []byte("text"), nil }))
	check(t, s.Close())
	check(t, open(t, path).Close())
	if found, err := boltstore.Check(t.Context(), path); err != nil || found.Checksum {
		t.Errorf("the changed backup has %+v, %v", found, err)
	}
}

// Whatever happened to a backup, its checksum tells.
func TestDamagedBackups(t *testing.T) {
	backup := backupOf(t)
	for page := range len(backup) / pageSize {
		cut := backup[:page*pageSize+1]
		overwritten := bytes.Clone(backup)
		copy(overwritten[page*pageSize:], bytes.Repeat([]byte{0xA5}, pageSize))
		flipped := bytes.Clone(backup)
		flipped[page*pageSize+rand.IntN(pageSize)] ^= 1 << rand.IntN(8)
		for what, content := range map[string][]byte{"cut": cut, "overwritten": overwritten, "flipped": flipped} {
			path := write(t, content)
			if _, err := boltstore.Check(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("page %d %s: Check gives %v, want ErrDamaged", page, what, err)
			}
			if _, err := boltstore.Open(path); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("page %d %s: Open gives %v, want ErrDamaged", page, what, err)
			}
		}
	}
}

// A store has no checksum. What is cut off is always found; a changed byte may be one of a label, but nothing panics.
func TestDamagedStores(t *testing.T) {
	whole := withoutChecksum(backupOf(t))
	for pages := 1; pages < len(whole)/pageSize; pages++ {
		if _, err := boltstore.Open(write(t, whole[:pages*pageSize])); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("cut to %d pages: Open gives %v, want ErrDamaged", pages, err)
		}
	}
	found := 0
	const tries = 120
	for try := range tries {
		content := bytes.Clone(whole)
		for range 1 + try%30 {
			content[rand.IntN(len(content))] ^= 1 << rand.IntN(8)
		}
		if useDamaged(t, write(t, content)) {
			found++
		}
	}
	t.Logf("damage was found in %d of %d files", found, tries)
	if found < tries/4 {
		t.Errorf("damage was found in %d of %d files only", found, tries)
	}
}

// useDamaged opens, reads and changes what is there.
func useDamaged(t *testing.T, path string) (found bool) {
	t.Helper()
	if _, err := boltstore.Check(t.Context(), path); err != nil {
		found = true
	}
	s, err := boltstore.Open(path)
	if err != nil {
		if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrSchemaTooNew) {
			t.Errorf("Open gives %v, want ErrDamaged", err)
		}
		return true
	}
	_, errCount := store.Count(t.Context(), s)
	_, errEvents := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 1000})
	errWrite := s.RecordEvents(t.Context(), policy.Event{ID: policy.NewEventID(crashTime(2), [10]byte{1}), AccountID: "acme"})
	err = errors.Join(errCount, errEvents, errWrite)
	if damaged := errors.Is(err, store.ErrDamaged); damaged != (s.Damage() != nil) {
		t.Errorf("reads and writes give %v, Damage is %v", err, s.Damage())
	}
	check(t, s.Close())
	return found || err != nil
}

func TestFileCutWhileOpen(t *testing.T) {
	content := withoutChecksum(backupOf(t))
	for _, use := range []func(*boltstore.Store) error{
		func(s *boltstore.Store) error {
			_, err := store.Count(t.Context(), s)
			return err
		},
		func(s *boltstore.Store) error {
			return s.UpdateUser(t.Context(), "acme", crashUser(3), func(u policy.User) (policy.User, []policy.Event, error) { return u, nil, nil })
		},
	} {
		path := write(t, content)
		s := open(t, path)
		check(t, os.Truncate(path, 2*pageSize))
		if err := use(s); !errors.Is(err, store.ErrDamaged) || !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("got %v, want ErrDamaged and ErrUnavailable", err)
		}
		<-s.Damaged()
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("Ping gives %v, want ErrDamaged", err)
		}
		check(t, s.Close())
	}
}

// A mistake in a function that runs in a transaction is no damage: it must be seen as the panic that it is, and the store goes on.
func TestPanicOfCallerIsNoDamage(t *testing.T) {
	s := open(t, write(t, backupOf(t)))
	defer func() {
		if caught := recover(); caught == nil || s.Damage() != nil {
			t.Errorf("recovered %v, Damage is %v", caught, s.Damage())
		}
		check(t, s.Ping(t.Context()))
		check(t, s.Close())
	}()
	var none []byte
	_ = s.UpdateDocument(t.Context(), "some", func([]byte) ([]byte, error) { return none[:len(strings.Repeat("x", 7))], nil })
}
