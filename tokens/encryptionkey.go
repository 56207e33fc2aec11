package tokens

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keyEncryptionKeyForm = "a key-encryption key is 32 random bytes in base64, as printed by: openssl rand -base64 32"

// ParseKeyEncryptionKey reads a key-encryption key from configuration or from a key file, ignoring space around it.
// The error never repeats the text.
func ParseKeyEncryptionKey(text string) ([32]byte, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != 32 {
		return [32]byte{}, errors.New(keyEncryptionKeyForm)
	}
	return [32]byte(raw), nil
}

// LoadOrCreateKeyEncryptionKey reads the key-encryption key in the file, which nobody but its owner may be able to read. If there is no
// such file, it creates one with a random key, which is durable on return. Two processes that start at once agree on one key.
func LoadOrCreateKeyEncryptionKey(path string) ([32]byte, error) {
	key, err := loadKeyEncryptionKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := createKeyEncryptionKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return [32]byte{}, fmt.Errorf("making the file of the key-encryption key, %s: %w", path, err)
	}
	return loadKeyEncryptionKey(path)
}

func loadKeyEncryptionKey(path string) (key [32]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return key, fmt.Errorf("reading the key-encryption key: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return key, fmt.Errorf("reading the key-encryption key: %w", err)
	}
	if mode := info.Mode(); mode.Perm()&0o077 != 0 {
		return key, fmt.Errorf("others can read the key-encryption key in %s (mode %#o): run chmod 600 %s", path, mode.Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return key, fmt.Errorf("reading the key-encryption key: %w", err)
	}
	if key, err = ParseKeyEncryptionKey(string(text)); err != nil {
		return key, fmt.Errorf("the file of the key-encryption key, %s: %w", path, err)
	}
	return key, nil
}

// createKeyEncryptionKey writes a temporary file and links it into place, so that no process ever reads half a key. It returns fs.ErrExist
// if another process was first.
func createKeyEncryptionKey(path string) (err error) {
	var key [32]byte
	rand.Read(key[:])
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err = os.Link(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
