package storetest

import (
	"testing"

	"mintkey/store"
)

func documentCases() []testCase {
	return []testCase{
		{"document is kept", documentIsKept},
		{"document missing", documentMissing},
		{"document change refused", documentChangeRefused},
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
