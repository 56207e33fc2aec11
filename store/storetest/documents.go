package storetest

import (
	"strings"
	"testing"

	"mintkey/store"
)

func documentCases() []testCase {
	return []testCase{
		{"document is kept", documentIsKept},
		{"document missing", documentMissing},
		{"document change refused", documentChangeRefused},
		{"document is deleted", documentIsDeleted},
	}
}

func setDocument(t testing.TB, s store.Store, name, text string) {
	t.Helper()
	check(t, s.UpdateDocument(t.Context(), name, func([]byte) ([]byte, error) { return []byte(text), nil }))
}

func wantDocument(t testing.TB, s store.Store, name, want string) {
	t.Helper()
	got, err := s.Document(t.Context(), name)
	check(t, err)
	equal(t, "document", string(got), want)
}

func documentIsKept(t testing.TB, at place) {
	s := at.connect(t)
	binary := "not JSON: \x00\xff\r\n"
	setDocument(t, s, "signing-keys", "first")
	setDocument(t, s, "signing-keys/2", binary)
	check(t, s.UpdateDocument(t.Context(), "signing-keys", func(before []byte) ([]byte, error) {
		equal(t, "document before the change", string(before), "first")
		return []byte("second"), nil
	}))
	wantDocument(t, s, "signing-keys", "second")
	wantDocument(t, s, "signing-keys/2", binary)
}

func documentMissing(t testing.TB, at place) {
	s := at.connect(t)
	_, err := s.Document(t.Context(), "signing-keys")
	wantError(t, err, store.ErrNotFound)
	err = s.UpdateDocument(t.Context(), "signing-keys", func(before []byte) ([]byte, error) {
		if before != nil {
			t.Errorf("a missing document is passed as %q, want nil", before)
		}
		return nil, errRefused
	})
	wantRefused(t, err)
	_, err = s.Document(t.Context(), "signing-keys")
	wantError(t, err, store.ErrNotFound)
}

func documentChangeRefused(t testing.TB, at place) {
	s := at.connect(t)
	setDocument(t, s, "signing-keys", "first")
	wantRefused(t, s.UpdateDocument(t.Context(), "signing-keys", func(before []byte) ([]byte, error) {
		before[0] = 'X'
		return before, errRefused
	}))
	wantDocument(t, s, "signing-keys", "first")
}

func documentIsDeleted(t testing.TB, at place) {
	s := at.connect(t)
	drop := func([]byte) ([]byte, error) { return nil, nil }
	check(t, s.UpdateDocument(t.Context(), "pages/1", drop))
	setDocument(t, s, "pages/1", "first")
	setDocument(t, s, "pages/2", "second")
	check(t, s.UpdateDocument(t.Context(), "pages/1", drop))
	_, err := s.Document(t.Context(), "pages/1")
	wantError(t, err, store.ErrNotFound)
	check(t, s.UpdateDocument(t.Context(), "pages/1", drop))
	wantDocument(t, s, "pages/2", "second")
	names, err := s.DocumentNames(t.Context())
	check(t, err)
	equal(t, "names", strings.Join(names, " "), "pages/2")
	setDocument(t, s, "pages/1", "again")
	wantDocument(t, s, "pages/1", "again")
}
