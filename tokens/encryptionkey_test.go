package tokens_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mintkey/tokens"
)

func TestLoadOrCreateKeyEncryptionKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	made, err := tokens.LoadOrCreateKeyEncryptionKey(path)
	mustDo(t, err)
	info, err := os.Stat(path)
	mustDo(t, err)
	text, err := os.ReadFile(path)
	mustDo(t, err)
	if info.Mode() != 0o600 || string(text) != base64.StdEncoding.EncodeToString(made[:])+"\n" || made == [32]byte{} {
		t.Errorf("mode %s, text %q, key %x", info.Mode(), text, made)
	}
	if again, err := tokens.LoadOrCreateKeyEncryptionKey(path); err != nil || again != made {
		t.Errorf("the second time: %x, %v", again, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestStartersAgreeOnTheKeyEncryptionKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	keys, errs := make([][32]byte, 16), make([]error, 16)
	var wait sync.WaitGroup
	for i := range keys {
		wait.Go(func() { keys[i], errs[i] = tokens.LoadOrCreateKeyEncryptionKey(path) })
	}
	wait.Wait()
	for i := range keys {
		if errs[i] != nil || keys[i] != keys[0] {
			t.Errorf("starter %d: %x, %v", i, keys[i], errs[i])
		}
	}
}

func TestKeyEncryptionKeyThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	_, err := tokens.LoadOrCreateKeyEncryptionKey(path)
	mustDo(t, err)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o644, 0o602} {
		mustDo(t, os.Chmod(path, mode))
		if _, err := tokens.LoadOrCreateKeyEncryptionKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %#o: %v, want an error that says what to do", mode, err)
		}
	}
	mustDo(t, os.Chmod(path, 0o400))
	if _, err := tokens.LoadOrCreateKeyEncryptionKey(path); err != nil {
		t.Errorf("mode 0400: %v", err)
	}
}

func TestBrokenKeyEncryptionKeyFileIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	mustDo(t, os.WriteFile(path, []byte("aGFsZg==\n"), 0o600))
	_, err := tokens.LoadOrCreateKeyEncryptionKey(path)
	if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "aGFsZg") {
		t.Errorf("half a key: %v, want an error with the path and without the key", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "aGFsZg==\n" {
		t.Errorf("the file now holds %q", text)
	}
	if _, err := tokens.LoadOrCreateKeyEncryptionKey(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("a file was made in no folder")
	}
}

func TestParseKeyEncryptionKey(t *testing.T) {
	printed, err := exec.CommandContext(t.Context(), "openssl", "rand", "-base64", "32").Output()
	if err != nil {
		t.Fatalf("install openssl: %v", err)
	}
	key, err := tokens.ParseKeyEncryptionKey(string(printed))
	if err != nil || base64.StdEncoding.EncodeToString(key[:])+"\n" != string(printed) {
		t.Errorf("ParseKeyEncryptionKey(%q) = %x, %v", printed, key, err)
	}
	for _, text := range []string{
		"", "AAAA", strings.Repeat("A", 43), strings.Repeat("A", 42) + "B=", strings.Repeat("A", 64), strings.Repeat("!", 44),
	} {
		if _, err := tokens.ParseKeyEncryptionKey(text); err == nil {
			t.Errorf("ParseKeyEncryptionKey(%q) was taken", text)
		}
	}
}
