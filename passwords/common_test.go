package passwords_test

import (
	"errors"
	"strings"
	"testing"

	"mintkey/passwords"
)

// What guessers try early gets no hash (ASVS 6.2.4).
func TestCommonPasswordsGetNoHash(t *testing.T) {
	h := passwords.NewHasher(passwords.Options{})
	for _, password := range []string{
		"password12", "Password123!", "1234567890", "0987654321", "qwertyuiop", "1q2w3e4r5t", "PASSW0RD2026", "!!iloveyou!!", "administration",
		"aaaaaaaaaa", "          ", "abcabcabcabc", "abcdefghijkl", "lmnopqrstuvw1", strings.Repeat("ab", 128), "welcome-2026", "",
	} {
		hash, err := h.Hash(t.Context(), password)
		if !errors.Is(err, passwords.ErrCommon) || hash != "" {
			t.Errorf("%q: hash %q, %v", password, hash, err)
		}
	}
	if h.Hashed() != 0 {
		t.Error("a password was hashed before it was refused")
	}
}

func TestUncommonPasswords(t *testing.T) {
	for _, password := range []string{
		"correct horse", "forge night lamp", "x7392018466", "Tr0ub4dor&3x", "密码很长而且没有人会猜到它", "jxqv-ngtr-okwp", "paßwörter gibt es viele",
	} {
		if err := passwords.CheckCommon(password); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func BenchmarkCheckCommon(b *testing.B) {
	for b.Loop() {
		_ = passwords.CheckCommon("not in any of the lists")
	}
}
