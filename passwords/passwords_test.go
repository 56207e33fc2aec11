package passwords_test

import (
	"strings"
	"testing"

	"mintkey/passwords"
)

func TestHashAndVerify(t *testing.T) {
	hash, err := passwords.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"correct horse": true, "Correct horse": false, "": false} {
		if got, err := passwords.Verify(hash, password); err != nil || got != want {
			t.Errorf("Verify(hash, %q) = %v, %v, want %v", password, got, err, want)
		}
	}
	again, err := passwords.Hash("correct horse")
	if err != nil || again == hash || strings.Contains(again, "horse") {
		t.Errorf("a second hash is %q (%v), want another salt and no password in it", again, err)
	}
}

func TestNobodySignsInWithoutAHash(t *testing.T) {
	if fits, err := passwords.Verify("", ""); fits || err != nil {
		t.Errorf("Verify of no hash = %v, %v, want false without an error", fits, err)
	}
}

func TestBrokenHash(t *testing.T) {
	if fits, err := passwords.Verify("$argon2id$broken", "password"); fits || err == nil {
		t.Errorf("Verify of a broken hash = %v, %v, want an error", fits, err)
	}
}
