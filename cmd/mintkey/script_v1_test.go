package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"mintkey/store/redistest"
)

// versionOne is the folder with data of version 1.
func versionOne(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../store/testdata/v1")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// gunzip FROM TO unpacks a file.
func gunzip(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: gunzip FROM TO")
	}
	text, err := unzipped(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o600))
}

func unzipped(path string) ([]byte, error) {
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// redisOfVersionOne starts a Redis with data of version 1, and returns its URL.
func redisOfVersionOne(t *testing.T) string {
	t.Helper()
	server := redistest.Start(t)
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	commands, err := unzipped(filepath.Join(versionOne(t), "redis.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(commands) {
		var command []any
		if err := json.Unmarshal(line, &command); err != nil {
			t.Fatal(err)
		}
		if err := client.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return server.URL()
}
