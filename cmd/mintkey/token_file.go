package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// saveToken replaces the content of a file by the token and nothing else, not even a newline: many programs send what they read. Readers
// see the old token or the new one, and after a crash too. A new file can only be read by its owner; one that is there keeps its
// permissions, owner and group, which may be those of the program that reads it, and stays where a symbolic link leads.
func saveToken(path, token string) error {
	if err := replaceFile(path, token); err != nil {
		return &localError{fmt.Errorf("save the token: %w", err)}
	}
	return nil
}

func replaceFile(path, content string) error {
	path, err := followLinks(path)
	if err != nil {
		return err
	}
	before, err := os.Stat(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if before != nil && !before.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	// Always the same name, so that a command that is killed leaves one such file at most, and the next one takes it away.
	fresh := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(fresh) }() // it has another name by now, unless something failed
	_, err = file.WriteString(content)
	if err == nil && before != nil {
		err = becomeLike(file, before)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return settle(fresh, path)
}

// followLinks is the place that a path leads to by symbolic links, which may not be there yet.
func followLinks(path string) (string, error) {
	for range 40 { // as many as Linux follows
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil //nolint:nilerr // it is no link, or not there
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path, fmt.Errorf("%s: too many symbolic links", path)
}

// becomeLike gives a file the owner, the group and the permissions of another one. The owner comes first: others must not be able to read
// what is still to be given away.
func becomeLike(file *os.File, other os.FileInfo) error {
	mine, err := file.Stat()
	if err != nil {
		return err
	}
	if was, ok := other.Sys().(*syscall.Stat_t); ok {
		is, _ := mine.Sys().(*syscall.Stat_t)
		if is == nil || is.Uid != was.Uid || is.Gid != was.Gid {
			if err := file.Chown(int(was.Uid), int(was.Gid)); err != nil {
				return fmt.Errorf("keep the owner of the file: %w", err)
			}
		}
	}
	return file.Chmod(other.Mode().Perm())
}
