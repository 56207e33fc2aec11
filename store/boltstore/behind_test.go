package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// What Open refuses, a server finds out while it runs.
func TestDamageIsFoundInUse(t *testing.T) {
	whole := withoutChecksum(backupOf(t))
	atOnce, later := 0, 0
	for page := 2; page < len(whole)/pageSize; page++ {
		content := bytes.Clone(whole)
		copy(content[page*pageSize:], bytes.Repeat([]byte{0xA5}, pageSize))
		if s, err := boltstore.Open(write(t, content)); err == nil {
			check(t, s.Close()) // a free page
			continue
		}
		s, err := boltstore.OpenAtOnce(write(t, content))
		if errors.Is(err, store.ErrDamaged) {
			atOnce++
			continue
		}
		check(t, err)
		awaitDamage(t, s)
		later++
	}
	if later < 5 || atOnce < 1 {
		t.Errorf("damage was found %d times at once and %d times later", atOnce, later)
	}
}

func TestUnreadableRecordIsFoundInUse(t *testing.T) {
	content := withoutChecksum(backupOf(t))
	name := []byte(`"name":"`)
	if !bytes.Contains(content, name) {
		t.Fatal("no record is plain")
	}
	s, err := boltstore.OpenAtOnce(write(t, bytes.ReplaceAll(content, name, []byte(`"name";"`))))
	check(t, err)
	awaitDamage(t, s)
}

func awaitDamage(t *testing.T, s *boltstore.Store) {
	t.Helper()
	select {
	case <-s.Damaged():
	case <-time.After(5 * time.Minute):
		t.Error("no damage was found")
	}
	if !errors.Is(s.Damage(), store.ErrDamaged) {
		t.Errorf("Damage is %v", s.Damage())
	}
	check(t, s.Close())
}

// A store that is changed while it is examined is not taken for a damaged one, and can be closed at any moment.
func TestChangesWhileExamined(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	s := open(t, path)
	addUsers(t, s, 2000)
	check(t, s.Close())
	for range 5 {
		s, err := boltstore.OpenAtOnce(path)
		check(t, err)
		for i := range 20 {
			id := fmt.Sprintf("user-%d", i)
			check(t, s.UpdateUser(t.Context(), "acme", id, func(u policy.User) (policy.User, []policy.Event, error) {
				u.Name += "x"
				return u, nil, nil
			}))
		}
		check(t, s.Damage())
		check(t, s.Close())
	}
	_, err := boltstore.Check(t.Context(), path)
	check(t, err)
}

// How much a start reads must not grow with the data.
func TestReadsBeforeUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	var reads [2]int
	for i, users := range []int{20, 5000} {
		s := open(t, path)
		addUsers(t, s, users)
		check(t, s.Close())
		var err error
		reads[i], err = boltstore.ReadsBeforeUse(path, pageSize)
		check(t, err)
	}
	if reads[0] == 0 || reads[1] > reads[0]+2 { // the list of free pages is longer
		t.Errorf("opening reads %d pages of a small store, and %d of a large one", reads[0], reads[1])
	}
}

// addUsers adds users, each with an access key.
func addUsers(t *testing.T, s *boltstore.Store, users int) {
	t.Helper()
	err := populate(t.Context(), s)
	if err != nil && !errors.Is(err, store.ErrExists) {
		t.Fatal(err)
	}
	var writers errgroup.Group
	writers.SetLimit(500)
	for i := range users {
		id := fmt.Sprintf("user-%d", i)
		writers.Go(func() error {
			err := s.CreateUser(t.Context(), policy.User{ID: id, AccountID: "acme", Email: id + "@example.com"})
			if errors.Is(err, store.ErrExists) {
				return nil
			}
			return errors.Join(err, s.UpdateMembership(t.Context(), "load", id,
				func(m policy.Membership) (policy.Membership, []policy.Event, error) {
					m.Role, m.Keys = policy.RoleMember, []policy.AccessKey{crashKey(i, 2)}
					return m, nil, nil
				}))
		})
	}
	check(t, writers.Wait())
}

// A start changes several documents to what they are.
func TestUnchangedDocumentIsNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	s := open(t, path)
	defer func() { check(t, s.Close()) }()
	put := func(text []byte) { // and nil for none
		t.Helper()
		check(t, s.UpdateDocument(t.Context(), "some", func([]byte) ([]byte, error) { return text, nil }))
	}
	put([]byte("text"))
	before, err := os.ReadFile(path)
	check(t, err)
	put([]byte("text"))
	after, err := os.ReadFile(path)
	check(t, err)
	if !bytes.Equal(before, after) {
		t.Error("the file has changed")
	}
	put([]byte{})
	if document, err := s.Document(t.Context(), "some"); err != nil || len(document) > 0 {
		t.Errorf("the emptied document is %q, %v", document, err)
	}
	put(nil)
	if _, err := s.Document(t.Context(), "some"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the removed document gives %v", err)
	}
}
