package chaos_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// server is one Mintkey process. It can be started again after it was killed; the log goes on.
type server struct {
	t       *testing.T
	url     string
	opsURL  string
	args    []string
	env     []string
	logPath string

	running *exec.Cmd
}

func newServer(t *testing.T, name, issuer string, env []string) *server {
	t.Helper()
	listen, ops := freeAddress(t), freeAddress(t)
	s := &server{
		t: t, url: "http://" + listen, opsURL: "http://" + ops, env: env, logPath: filepath.Join(t.TempDir(), name+".log"),
	}
	if issuer == "" {
		issuer = s.url
	}
	s.args = []string{"serve", "--listen", listen, "--ops-listen", ops, "--issuer", issuer}
	t.Cleanup(func() {
		if s.running != nil {
			s.end(syscall.SIGTERM)
		}
		if t.Failed() {
			s.explain(name)
		}
	})
	return s
}

func (s *server) explain(name string) {
	log, err := os.ReadFile(s.logPath)
	lines := bytes.Split(log, []byte("\n"))
	lines = lines[max(0, len(lines)-12):]
	s.t.Logf("the log of %s ends (%v):\n%s", name, err, bytes.Join(lines, []byte("\n")))
}

// start starts the server, with more arguments this time.
func (s *server) start(more ...string) {
	s.t.Helper()
	log, err := os.OpenFile(s.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(mintkey, append(append([]string{}, s.args...), more...)...)
	cmd.Dir = filepath.Dir(s.logPath)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(cleanEnviron(), s.env...)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.running = cmd
}

// end sends the signal and waits for the end of the process.
func (s *server) end(signal syscall.Signal) {
	s.t.Helper()
	cmd := s.running
	s.running = nil
	if err := cmd.Process.Signal(signal); err != nil {
		s.t.Errorf("a server has ended before its time: %v", err)
	}
	if err := cmd.Wait(); err != nil && signal == syscall.SIGTERM {
		s.t.Errorf("a graceful stop: %v", err)
	}
}

// crash is kill -9.
func (s *server) crash() { s.end(syscall.SIGKILL) }

// ready is nil when the server says that it is ready.
func (s *server) ready() error {
	response, err := http.Get(s.opsURL + "/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", response.Status)
	}
	return nil
}

// cleanEnviron is the environment without settings of mintkey that the person who runs the tests may have.
func cleanEnviron() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "MINTKEY_") {
			env = append(env, pair)
		}
	}
	return env
}

// freeAddress is an address of 127.0.0.1 on which nobody listens now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
