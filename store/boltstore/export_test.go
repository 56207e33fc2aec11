package boltstore

import (
	"io"
	"os"
)

// ReadsBeforeUse counts the pages that OpenAtOnce examines before it returns.
func ReadsBeforeUse(path string, pageSize int) (reads int, err error) {
	err = withFile(path, func(file *os.File, size int64) error {
		return checkTop(countingReader{file, &reads}, size, pageSize)
	})
	return reads, err
}

type countingReader struct {
	io.ReaderAt

	reads *int
}

func (c countingReader) ReadAt(p []byte, at int64) (int, error) {
	*c.reads++
	return c.ReaderAt.ReadAt(p, at)
}
