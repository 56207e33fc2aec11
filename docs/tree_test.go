package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// root is the repository, seen from this folder.
const root = ".."

// files returns the text files of the repository whose names end in one of the extensions, by path. It leaves out what others
// wrote (node_modules) and what is built or made up for a test (bin, dist, testdata).
func files(t *testing.T, extensions ...string) map[string]string {
	t.Helper()
	wanted := map[string]bool{}
	for _, extension := range extensions {
		wanted[extension] = true
	}
	skipped := map[string]bool{".git": true, "bin": true, "data": true, "dist": true, "node_modules": true, "testdata": true}
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && skipped[entry.Name()] {
			return filepath.SkipDir
		}
		if entry.IsDir() || !wanted[filepath.Ext(path)] || entry.Name() == "package-lock.json" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		found[filepath.ToSlash(relative)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// read returns one file of this folder.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
