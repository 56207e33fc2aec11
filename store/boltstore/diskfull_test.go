package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/bolttest"
)

// While a disk is full, a change that fits into free pages of the file is saved all the same. That does not mean that the disk has room.
func TestFullDiskIsSaidUntilItHasRoom(t *testing.T) {
	disk := bolttest.SmallDisk(t, 4<<20)
	s := open(t, filepath.Join(disk, "mintkey.db"))
	check(t, put(t.Context(), s, "heartbeat", 1))
	check(t, put(t.Context(), s, "large", 100<<10))
	check(t, put(t.Context(), s, "large", 1)) // its pages are free from now on
	fill(t, filepath.Join(disk, "filler"))
	if err := put(t.Context(), s, "larger", 1<<20); !errors.Is(err, store.ErrTakesNoChanges) {
		t.Fatalf("on a full disk a change gives %v", err)
	}
	for i := range 3 {
		if err := put(t.Context(), s, "heartbeat", 2+i); err != nil {
			t.Fatalf("a small change: %v", err)
		}
		if err := s.ChangesRefused(); err == nil || err.Error() != "the disk is full" {
			t.Errorf("after %d small changes ChangesRefused is %v", i+1, err)
		}
	}
	check(t, os.Remove(filepath.Join(disk, "filler")))
	check(t, put(t.Context(), s, "heartbeat", 5))
	check(t, s.ChangesRefused())
	check(t, put(t.Context(), s, "larger", 1<<20))
	left, err := os.ReadDir(disk)
	check(t, err)
	if len(left) != 1 {
		t.Errorf("the folder has %v, want the store alone", left)
	}
	check(t, s.Close())
}

func put(ctx context.Context, s *boltstore.Store, name string, size int) error {
	return s.UpdateDocument(ctx, name, func([]byte) ([]byte, error) { return bytes.Repeat([]byte("x"), size), nil })
}

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	check(t, err)
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	check(t, file.Close())
}
