package e2e_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// process is a server that a test runs. It can be started again after it was killed; the log goes on.
type process struct {
	t       *testing.T
	name    string
	command string
	args    []string
	env     []string
	logPath string

	running *exec.Cmd
}

func newProcess(t *testing.T, name, command string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, command: command, args: args, logPath: filepath.Join(t.TempDir(), name+".log")}
	t.Cleanup(func() {
		switch {
		case p.running == nil:
		case command == mintkey: // whose graceful stop is thereby part of every test
			p.terminate()
		default:
			_ = p.end(syscall.SIGTERM) // and not kill -9, after which the children of nginx and Apache would live on
		}
		if log := p.log(); t.Failed() {
			t.Logf("the log of %s ends:\n%s", name, log[max(0, len(log)-4000):])
		}
		if bytes.Contains(p.log(), []byte("WARNING: DATA RACE")) {
			t.Errorf("%s has a data race:\n%s", name, p.log())
		}
	})
	return p
}

func (p *process) start() {
	p.t.Helper()
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(p.command, p.args...)
	cmd.Dir = filepath.Dir(p.logPath)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(cleanEnviron(), p.env...)
	if err := cmd.Start(); err != nil {
		p.t.Fatalf("%s: %v (tools/install installs what the tests need)", p.name, err)
	}
	p.running = cmd
}

// kill is kill -9.
func (p *process) kill() { _ = p.end(syscall.SIGKILL) }

// terminate asks the process to stop without a drain, waits for it, and fails the test if it ends with another status than 0.
func (p *process) terminate() {
	p.t.Helper()
	if err := p.end(syscall.SIGINT); err != nil {
		p.t.Errorf("%s: %v", p.name, err)
	}
}

func (p *process) end(signal syscall.Signal) error {
	cmd := p.running
	p.running = nil
	if err := cmd.Process.Signal(signal); err != nil {
		p.t.Errorf("%s has ended before its time: %v", p.name, err)
	}
	return cmd.Wait()
}

func (p *process) log() []byte {
	log, err := os.ReadFile(p.logPath)
	if err != nil && !os.IsNotExist(err) {
		p.t.Error(err)
	}
	return log
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
