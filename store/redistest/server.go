package redistest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/freeport"
)

// Server is one redis-server process.
type Server struct {
	t       testing.TB
	network string // tcp or unix
	address string
	tls     *Certificates // nil without TLS
	args    []string
	process *exec.Cmd
	log     *bytes.Buffer
}

// Start starts a redis-server on a free port of the loopback interface, with an append-only file that is synced every second,
// and waits until it answers. The args, such as "--appendonly", "no", come last and take precedence.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return StartTLS(t, nil, args...)
}

// StartTLS is Start with TLS and nothing else, for clients that have a certificate of the CA.
func StartTLS(t testing.TB, certificates *Certificates, args ...string) *Server {
	t.Helper()
	port := freePort(t)
	args = append(certificates.args(port), args...)
	return start(t, "tcp", net.JoinHostPort("127.0.0.1", port), certificates, dataArgs(t.TempDir(), port, args...))
}

// StartUnix is Start on a unix socket.
func StartUnix(t testing.TB, args ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	return start(t, "unix", socket, nil, dataArgs(dir, "0", append([]string{"--unixsocket", socket}, args...)...))
}

func dataArgs(dir, port string, more ...string) []string {
	return append([]string{
		"--dir", dir, "--port", port, "--bind", "127.0.0.1",
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
	}, more...)
}

func start(t testing.TB, network, address string, certificates *Certificates, args []string) *Server {
	t.Helper()
	s := &Server{t: t, network: network, address: address, tls: certificates, args: args}
	t.Cleanup(s.explain)
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// URL is the server's URL for clients.
func (s *Server) URL() string {
	if s.network == "unix" {
		return "unix://" + s.address
	}
	return s.tls.scheme("redis") + s.address
}

// Address is the server's host and port, or its socket.
func (s *Server) Address() string { return s.address }

// Kill ends the process by SIGKILL. It does nothing if it has ended already.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	if err := s.process.Process.Kill(); err != nil {
		s.t.Errorf("kill redis-server: %v", err)
	}
	_ = s.process.Wait() // reports the signal that we sent
	s.process = nil
}

// Restart starts the server again on the data that it left, or for the first time, and waits until it answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		s.t.Fatal("this test needs a real Redis: install redis-server")
	}
	s.log = new(bytes.Buffer)
	s.process = exec.Command(binary, s.args...)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		s.process = nil
		s.t.Fatalf("start redis-server: %v", err)
	}
	Eventually(s.t, "redis-server answers", func() bool {
		_, err := s.try("PING")
		return err == nil || strings.Contains(err.Error(), "NOAUTH")
	})
}

// explain logs the output of the server if the test has failed.
func (s *Server) explain() {
	if s.t.Failed() && s.log != nil {
		s.t.Logf("redis-server %s said:\n%s", s.address, s.log)
	}
}

// Pause stops the process by a signal: connections stay open and nothing answers.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Fatalf("%v to redis-server: %v", signal, err)
	}
}

// patience is far beyond what anything here takes, so that a busy machine fails nothing.
const patience = 3 * time.Minute

// Eventually waits until the condition holds, and fails the test when it does not within minutes.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !condition() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("waited for %v in vain: %s", patience, what)
		}
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	port, err := freeport.Port(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// port is the port of a server on TCP.
func (s *Server) port() string { return portOf(s.address) }

func portOf(address string) string { return address[strings.LastIndex(address, ":")+1:] }

// Folder is where the server keeps its files.
func (s *Server) Folder() string {
	for i, arg := range s.args {
		if arg == "--dir" {
			return s.args[i+1]
		}
	}
	s.t.Fatal("this server has no folder")
	return ""
}
