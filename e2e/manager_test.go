package e2e_test

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// manager is a service manager that programs tell how they are, as systemd is for a unit of Type=notify.
type manager struct {
	socket string
	env    string      // for the program
	told   chan string // what it says, a message each
}

func newManager(t *testing.T) *manager {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	m := &manager{socket: socket, env: "NOTIFY_SOCKET=" + socket, told: make(chan string, 1000)}
	go func() {
		defer close(m.told)
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			m.told <- string(buffer[:n])
		}
	}()
	return m
}

// next is what comes next, or nothing within the patience of the tests.
func (m *manager) next() string {
	select {
	case state := <-m.told:
		return state
	case <-time.After(e2etest.Patience):
		return "nothing"
	}
}

// end returns what was not read of told, once the program has ended.
func (m *manager) end(t *testing.T) (rest []string) {
	t.Helper()
	const last = "nothing comes after this"
	conn, err := net.Dial("unixgram", m.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(last)); err != nil {
		t.Fatal(err)
	}
	for state := range m.told {
		if state == last {
			break
		}
		rest = append(rest, state)
	}
	return rest
}

// systemd waits with what needs the server until it answers, sees a reload begin and end, and knows of the drain.
func TestServerTellsItsServiceManager(t *testing.T) {
	d := deploy(t, "bolt", 1)
	s := d.servers[0]
	s.Stop(syscall.SIGINT)
	manager := newManager(t)
	s.Env = append(s.Env, manager.env)
	s.Start()
	if state := manager.next(); state != "READY=1" {
		t.Errorf("at first the service manager is told %q", state)
	}
	if status, body, err := getText(s.OpsURL + "/readyz"); err != nil || status != 200 {
		t.Errorf("the server is not ready by then: %d %s, %v", status, body, err)
	}
	s.Signal(syscall.SIGHUP)
	for _, want := range []string{"RELOADING=1", "READY=1"} {
		if state := manager.next(); state != want {
			t.Errorf("at a reload the service manager is told %q; want %s", state, want)
		}
	}
	s.Signal(syscall.SIGTERM)
	if state := manager.next(); state != "STOPPING=1" {
		t.Errorf("at the stop the service manager is told %q", state)
	}
	e2etest.Eventually(t, "the drain", func() error { return s.Logged("msg=stopping") })
	s.Stop(syscall.SIGINT)
	if rest := manager.end(t); len(rest) > 0 {
		t.Errorf("and at the end %q", rest)
	}
}
