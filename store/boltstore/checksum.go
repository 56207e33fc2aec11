package boltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// A backup ends with a line that has the checksum of all bytes before the line. bbolt ignores what follows the last page, so a backup
// is a store too; Open removes the line, which the first change would make wrong.
const (
	sealPrefix = "\nmintkey backup, SHA-256: "
	sealSize   = int64(len(sealPrefix) + 2*sha256.Size + 1)
)

func seal(sum []byte) []byte { return []byte(sealPrefix + hex.EncodeToString(sum) + "\n") }

// readSeal returns the size of the file without the checksum, and the checksum; nil if it has none.
func readSeal(file io.ReaderAt, size int64) (content int64, found []byte, err error) {
	if size < sealSize {
		return size, nil, nil
	}
	found = make([]byte, sealSize)
	if _, err := file.ReadAt(found, size-sealSize); err != nil && !errors.Is(err, io.EOF) {
		return size, nil, err
	}
	if !bytes.HasPrefix(found, []byte(sealPrefix)) {
		return size, nil, nil
	}
	return size - sealSize, found, nil
}

// checkSeal returns the size of the file without the checksum, and whether it has one. A wrong one is store.ErrDamaged.
func checkSeal(file io.ReaderAt, size int64) (content int64, sealed bool, err error) {
	content, found, err := readSeal(file, size)
	if err != nil || found == nil {
		return content, false, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, content)); err != nil {
		return content, true, err
	}
	if !bytes.Equal(found, seal(sum.Sum(nil))) {
		return content, true, damaged("its content is not what its checksum was made of")
	}
	return content, true, nil
}

// breakSeal removes a checksum that was found right.
func breakSeal(path string, content int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(content), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("remove the checksum of the backup: %w", err)
	}
	return nil
}
