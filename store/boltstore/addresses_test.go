package boltstore_test

import (
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"mintkey/policy"
)

// olderFile makes a file as it was before addresses were in one bucket, with a user Ada.
func olderFile(t *testing.T, version string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "mintkey.db")
	s := open(t, path)
	check(t, populate(t.Context(), s))
	check(t, s.Close())
	setSchema(t, path, version)
	inFile(t, path, func(tx *bbolt.Tx) error {
		for name, entry := range map[string][2]string{"emails": {"acme/ada@example.com", "ada"}, "email_accounts": {"ada@example.com/acme", ""}} {
			b, err := tx.CreateBucket([]byte(name))
			check(t, err)
			check(t, b.Put([]byte(entry[0]), []byte(entry[1])))
		}
		return tx.DeleteBucket([]byte("addresses"))
	})
	return path
}

func inFile(t *testing.T, path string, change func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	check(t, err)
	check(t, db.Update(change))
	check(t, db.Close())
}

func hasBucket(t *testing.T, path, name string) (found bool) {
	t.Helper()
	inFile(t, path, func(tx *bbolt.Tx) error {
		found = tx.Bucket([]byte(name)) != nil
		return nil
	})
	return found
}

func TestAddressesOfAnOlderFile(t *testing.T) {
	path := olderFile(t, "2")
	for range 2 {
		s := open(t, path)
		user, err := s.UserByEmail(t.Context(), "acme", "Ada@example.com")
		check(t, err)
		users, err := s.UsersByEmail(t.Context(), "ada@example.com")
		check(t, err)
		if user.ID != "ada" || len(users) != 1 {
			t.Errorf("the address leads to %q, and to %d users of all accounts", user.ID, len(users))
		}
		check(t, s.Close())
	}
	if hasBucket(t, path, "emails") || hasBucket(t, path, "email_accounts") {
		t.Error("the old buckets are still there")
	}
}

// Until it is upgraded, the program that wrote a file can use it again.
func TestAddressesOfVersionOneStay(t *testing.T) {
	path := olderFile(t, "1")
	s := open(t, path)
	check(t, s.Close())
	if !hasBucket(t, path, "emails") {
		t.Fatal("a file of version 1 has lost its addresses")
	}
	s = open(t, path)
	check(t, s.SetSchemaVersion(t.Context(), 2))
	user, err := s.UserByEmail(t.Context(), "acme", "ada@example.com")
	check(t, err)
	if user.ID != "ada" {
		t.Errorf("the address leads to %q", user.ID)
	}
	check(t, s.UpdateUser(t.Context(), "acme", "ada", func(u policy.User) (policy.User, []policy.Event, error) {
		u.Email = "countess@example.com"
		return u, nil, nil
	}))
	check(t, s.Close())
	if hasBucket(t, path, "emails") {
		t.Error("the old bucket is still there")
	}
}
