package e2e_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
	"mintkey/store/bolttest"
)

// watcher is mintkey token --watch with an access key of its own.
type watcher struct {
	*e2etest.Process
	d     *deployment
	front *front
	key   accessKey
	file  string
}

func newWatcher(d *deployment, args ...string) *watcher {
	d.t.Helper()
	d.addMember("watcher")
	w := &watcher{d: d, front: newFront(d.t, d.servers[0].URL), file: filepath.Join(d.t.TempDir(), "token")}
	body := createBody("watcher")
	body["expires_at"] = time.Now().Add(10 * 24 * time.Hour).UTC().Format(time.RFC3339) // a reason for a warning with each token
	d.admin.must(http.StatusCreated, http.MethodPost, d.keysPath(), body, &w.key)
	args = append([]string{"token", "--watch", "--url", w.front.URL, "--out", w.file}, args...)
	w.Process = e2etest.NewProcess(d.t, "watch", d.program, args...)
	w.Env = []string{"MINTKEY_CLIENT_ID=" + w.key.ClientID, "MINTKEY_CLIENT_SECRET=" + w.key.ClientSecret}
	return w
}

// token is what a program reads from the file: empty while there is none, and never anything but a whole token.
func (w *watcher) token() string {
	w.T.Helper()
	text, err := os.ReadFile(w.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.T.Fatal(err)
	}
	const signature = 86 // characters of ES256 in base64url
	if parts := strings.Split(string(text), "."); err == nil && (len(parts) != 3 || len(parts[2]) != signature) {
		w.T.Fatalf("the file has no whole token: %q", text)
	}
	return string(text)
}

// next waits for another token than the last one.
func (w *watcher) next(last string) string {
	w.T.Helper()
	var token string
	e2etest.Eventually(w.T, "another token", func() error {
		if token = w.token(); token == last {
			return errors.New("it is still the same")
		}
		return nil
	})
	return token
}

// A file always has a token that works: it is renewed before it ends, at once on SIGHUP, and stays while the server is away, which is said
// once, as is the end of that. systemd is told when the first token is there.
func TestTokenWatch(t *testing.T) {
	t.Parallel()
	d := deploy(t, "bolt", 1)
	w := newWatcher(d)
	manager := newManager(t)
	w.Env = append(w.Env, manager.env)

	d.servers[0].Stop(syscall.SIGINT) // it comes up before the server does
	w.Start()
	e2etest.Eventually(t, "the trouble is told", func() error { return w.Logged("there is none yet; trying again") })
	d.servers[0].Start()
	first := w.next("")
	mustOpenOwnKeys(t, d, first, w.key)
	if state := manager.next(); !strings.HasPrefix(state, "STATUS=") {
		t.Errorf("the service manager is told %q; want the trouble first", state)
	}
	if state := manager.next(); !strings.HasPrefix(state, "READY=1\n") {
		t.Errorf("the service manager is told %q; want READY=1", state)
	}

	w.front.life.Store(10)
	w.Signal(syscall.SIGHUP)
	second := w.next(first)
	third := w.next(second)

	d.servers[0].Stop(syscall.SIGINT)
	w.Signal(syscall.SIGHUP)
	asked := w.front.asked.Load()
	e2etest.Eventually(t, "the outage is told", func() error { return w.Logged("cannot be renewed; the one that is there works until") })
	e2etest.Eventually(t, "the end of the token is told", func() error { return w.Logged("cannot be renewed, and has ended at") })
	last := w.token()
	e2etest.Eventually(t, "it tries again and again", func() error {
		if w.front.asked.Load() < asked+3 {
			return errors.New("it does not")
		}
		return nil
	})
	if got := w.token(); got != last || got == "" {
		t.Errorf("while the server is away the file changes from %q to %q", last, got)
	}
	d.servers[0].Start()
	d.servers[0].AwaitReady()
	w.Signal(syscall.SIGHUP) // it would ask by itself within half a minute
	e2etest.Eventually(t, "the end of the outage is told", func() error { return w.Logged("is renewed again") })
	mustOpenOwnKeys(t, d, w.next(third), w.key)
	for text, most := range map[string]int{
		"is there works until": 1, "has ended at": 1, "there is none yet": 1, "is renewed again": 2,
		"warning: access key " + w.key.ClientID + " expires at": 1,
	} {
		if count := bytes.Count(w.Log(), []byte(text)); count < 1 || count > most {
			t.Errorf("%q is said %d times; want once for each trouble", text, count)
		}
	}

	w.Stop(syscall.SIGTERM) // exit code 0
	if all := manager.end(t); len(all) == 0 || all[len(all)-1] != "STOPPING=1" {
		t.Errorf("the service manager is told %q; want STOPPING=1 at the end", all)
	}
}

// A key that is refused leaves the last token where it is, and ends the command with a failure when that token is over. One that is refused
// from the beginning, or a file that can't be written, ends it at once.
func TestTokenWatchEndsWithItsKey(t *testing.T) {
	t.Parallel()
	d := deploy(t, "bolt", 1)
	w := newWatcher(d)
	w.front.life.Store(10)
	w.Start()
	w.next("")
	d.admin.must(http.StatusNoContent, http.MethodDelete, d.keysPath()+"/"+w.key.ClientID, nil, nil)
	w.Signal(syscall.SIGHUP)
	e2etest.Eventually(t, "the refusal is told", func() error { return w.Logged("is refused; the one that is there works until") })
	last := w.token() // there was no time for another one
	exit, ok := errors.AsType[*exec.ExitError](w.Running.Wait())
	w.Running = nil
	if !ok || exit.ExitCode() < 1 || !bytes.Contains(w.Log(), []byte("\nmintkey: ask for a token: invalid_client")) {
		t.Errorf("it ends with %v", exit)
	}
	if got := w.token(); got != last {
		t.Errorf("the file has %q; want the last token", got)
	}

	for what, args := range map[string][]string{
		"invalid_client": {"--out", w.file}, "save the token": {"--out", filepath.Join(w.file, "nowhere")},
	} {
		cmd := exec.Command(mintkey, append([]string{"token", "--watch", "--url", d.servers[0].URL}, args...)...)
		cmd.Env = append(e2etest.CleanEnviron(), w.Env...)
		if what != "invalid_client" {
			key := d.newKey("watcher")
			cmd.Env = append(e2etest.CleanEnviron(), "MINTKEY_CLIENT_ID="+key.ClientID, "MINTKEY_CLIENT_SECRET="+key.ClientSecret)
		}
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), what) {
			t.Errorf("%s: %v\n%s", what, err, out)
		}
	}
}

// The key file is read each time, so that mintkey keys rotate may replace it beside a watch. Both are as the systemd units run them.
func TestTokenWatchWhileTheKeyRotates(t *testing.T) {
	d := deploy(t, "bolt", 1)
	r := newRotator(d)
	r.rotate()
	w := &watcher{d: d, file: filepath.Join(t.TempDir(), "token")}
	watch := commandOfUnit(t, "mintkey-token@.service", r.file, w.file)
	w.Process = e2etest.NewProcess(t, "watch", mintkey, watch...)
	w.Start()
	first := w.next("")
	if out, err := exec.Command(mintkey, commandOfUnit(t, "mintkey-rotate@.service", r.file, "")...).CombinedOutput(); err != nil ||
		!bytes.HasPrefix(out, []byte("Nothing to do")) {
		t.Errorf("the unit that rotates, when there is nothing to do: %v\n%s", err, out)
	}
	r.rotate()
	d.admin.must(http.StatusNoContent, http.MethodDelete, d.keysPath()+"/"+r.first.ClientID+"/overlap", nil, nil)
	w.Signal(syscall.SIGHUP)
	w.next(first)
	w.Stop(syscall.SIGTERM)
	if bytes.Contains(w.Log(), []byte("invalid_client")) {
		t.Errorf("an old secret was used:\n%s", w.Log())
	}
}

// commandOfUnit is what the systemd unit runs, with other files.
func commandOfUnit(t *testing.T, unit, key, token string) []string {
	t.Helper()
	text, err := os.ReadFile("../configs/systemd/" + unit)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nExecStart=/usr/bin/mintkey ")
	command, _, found := strings.Cut(rest, "\n")
	if !found {
		t.Fatalf("%s has no ExecStart", unit)
	}
	command = strings.NewReplacer("/var/lib/mintkey-key/%i/key.json", key, "/run/mintkey-token/%i/token", token).Replace(command)
	return strings.Fields(command)
}

// A disk that is full leaves the file as it is; once there is room, it goes on.
func TestTokenWatchOnAFullDisk(t *testing.T) {
	d := deploy(t, "bolt", 1)
	w := newWatcher(d)
	folder := bolttest.SmallDisk(t, 64<<10)
	w.file = filepath.Join(folder, "token")
	w.Process = e2etest.NewProcess(t, "watch", mintkey, "token", "--watch", "--url", w.front.URL, "--out", w.file)
	w.Env = []string{"MINTKEY_CLIENT_ID=" + w.key.ClientID, "MINTKEY_CLIENT_SECRET=" + w.key.ClientSecret}
	w.Start()
	first := w.next("")
	full := filepath.Join(folder, "full")
	if err := os.WriteFile(full, bytes.Repeat([]byte("x"), 64<<10), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	w.Signal(syscall.SIGHUP)
	e2etest.Eventually(t, "the full disk is told", func() error { return w.Logged("no space left on device") })
	if got := w.token(); got != first {
		t.Errorf("on a full disk the file has %q", got)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	w.next(first)
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v; want the token alone", entries, err)
	}
	w.Stop(syscall.SIGTERM)
}
