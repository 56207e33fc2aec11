package e2e_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"mintkey/e2e/internal/e2etest"
)

// redisServer is a redis-server with the persistence that docs/redis.md asks for.
type redisServer struct {
	*e2etest.Process
	address string
	dir     string
}

func startRedis(t *testing.T) *redisServer {
	t.Helper()
	r := &redisServer{address: e2etest.FreeAddress(t), dir: t.TempDir()}
	_, port, err := net.SplitHostPort(r.address)
	if err != nil {
		t.Fatal(err)
	}
	r.Process = e2etest.NewProcess(t, "redis", "redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", r.dir,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
		"--rdbcompression", "no") // so that a test can look for text in a dump
	r.Start()
	return r
}

func (r *redisServer) Start() {
	r.T.Helper()
	r.Process.Start()
	e2etest.Eventually(r.T, "redis-server at "+r.address, func() error { return r.command("PING", "+PONG") })
}

func (r *redisServer) url() string { return "redis://" + r.address + "/0" }

// save makes Redis write a dump beside its append-only file.
func (r *redisServer) save() {
	r.T.Helper()
	if err := r.command("SAVE", "+OK"); err != nil {
		r.T.Fatal(err)
	}
}

func (r *redisServer) command(command, want string) error {
	conn, err := net.Dial("tcp", r.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return err
	}
	answer := bufio.NewScanner(conn)
	if !answer.Scan() || answer.Text() != want {
		return fmt.Errorf("%s: %q; want %q", command, answer.Text(), want)
	}
	return nil
}

// filesUnder reads all regular files of a directory, by path.
func filesUnder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
