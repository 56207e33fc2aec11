package e2etest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mintkey/e2e/freeport"
)

// Process is a program that a test runs. It can be started again after it was killed; the log goes on.
type Process struct {
	T       *testing.T
	Name    string
	Env     []string  // beside that of CleanEnviron
	Running *exec.Cmd // nil while it does not

	command string
	args    []string
	logPath string
}

// NewProcess is a program that ends with the test, by SIGTERM and not by kill -9, after which the children of nginx and Apache would live
// on.
func NewProcess(t *testing.T, name, command string, args ...string) *Process {
	t.Helper()
	return newProcess(t, name, command, args, func(p *Process) { _ = p.End(syscall.SIGTERM) })
}

// NewMintkey is NewProcess for mintkey, whose graceful stop is thereby part of every test.
func NewMintkey(t *testing.T, name, program string, args ...string) *Process {
	t.Helper()
	return newProcess(t, name, program, args, (*Process).Terminate)
}

func newProcess(t *testing.T, name, command string, args []string, stop func(*Process)) *Process {
	p := &Process{T: t, Name: name, command: command, args: args, logPath: filepath.Join(t.TempDir(), name+".log")}
	t.Cleanup(func() {
		if p.Running != nil {
			stop(p)
		}
		if log := p.Log(); t.Failed() {
			t.Logf("the log of %s ends:\n%s", name, log[max(0, len(log)-4000):])
		}
		if bytes.Contains(p.Log(), []byte("WARNING: DATA RACE")) {
			t.Errorf("%s has a data race:\n%s", name, p.Log())
		}
	})
	return p
}

// Start starts it, with more arguments this time.
func (p *Process) Start(more ...string) {
	p.T.Helper()
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.T.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.command, append(append([]string{}, p.args...), more...)...)
	cmd.Dir = filepath.Dir(p.logPath)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(CleanEnviron(), p.Env...)
	if err := cmd.Start(); err != nil {
		p.T.Fatalf("%s: %v (tools/install installs what the tests need)", p.Name, err)
	}
	p.Running = cmd
}

// Kill is kill -9.
func (p *Process) Kill() { _ = p.End(syscall.SIGKILL) }

// Terminate asks mintkey to stop without a drain, waits for it, and fails the test if it ends with another status than 0.
func (p *Process) Terminate() {
	p.T.Helper()
	p.Stop(syscall.SIGINT)
}

// Stop is End for a stop that must be graceful: another status than 0 fails the test.
func (p *Process) Stop(signal syscall.Signal) {
	p.T.Helper()
	if err := p.End(signal); err != nil {
		p.T.Errorf("%s: %v", p.Name, err)
	}
}

// End sends the signal and waits for the end of the process.
func (p *Process) End(signal syscall.Signal) error {
	p.T.Helper()
	cmd := p.Running
	p.Running = nil
	if err := cmd.Process.Signal(signal); err != nil {
		p.T.Errorf("%s has ended before its time: %v", p.Name, err)
	}
	return cmd.Wait()
}

// Signal sends the signal and waits for nothing.
func (p *Process) Signal(signal syscall.Signal) {
	p.T.Helper()
	if err := p.Running.Process.Signal(signal); err != nil {
		p.T.Errorf("%s: %v", p.Name, err)
	}
}

// Log is what the process has written so far.
func (p *Process) Log() []byte {
	log, err := os.ReadFile(p.logPath)
	if err != nil && !os.IsNotExist(err) {
		p.T.Error(err)
	}
	return log
}

// Logged is nil once the log has the text.
func (p *Process) Logged(text string) error {
	if !strings.Contains(string(p.Log()), text) {
		return fmt.Errorf("%s has not logged %q", p.Name, text)
	}
	return nil
}

// CleanEnviron is the environment without settings of mintkey that the person who runs the tests may have.
func CleanEnviron() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "MINTKEY_") {
			env = append(env, pair)
		}
	}
	return env
}

// FreeAddress is an address of 127.0.0.1 on which nobody listens, for this test alone.
func FreeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address
}
