package main_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	mintkey "mintkey/cmd/mintkey"
	"mintkey/policy"
)

// terminal is a pseudo-terminal with a person before it.
type terminal struct {
	t        *testing.T
	keyboard *os.File
	tty      *os.File

	mu     sync.Mutex
	screen bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, keyboard: keyboard, tty: tty}
	t.Cleanup(func() { _, _ = tty.Close(), keyboard.Close() })
	go func() {
		buffer := make([]byte, 1024)
		for {
			n, err := keyboard.Read(buffer)
			term.mu.Lock()
			term.screen.Write(buffer[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func (term *terminal) shows() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.screen.String()
}

func (term *terminal) echoes() bool {
	settings, err := unix.IoctlGetTermios(int(term.keyboard.Fd()), unix.TCGETS)
	if err != nil {
		term.t.Error(err)
		return false
	}
	return settings.Lflag&unix.ECHO != 0
}

// awaits waits until the screen shows a question, with or without an echo of what is typed.
func (term *terminal) awaits(question string, echo bool) {
	term.t.Helper()
	for range 6000 {
		if strings.HasSuffix(term.shows(), question) && term.echoes() == echo {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	term.t.Fatalf("%q is not asked for with echo=%v; the screen shows %q", question, echo, term.shows())
}

func (term *terminal) types(text string) {
	term.t.Helper()
	if _, err := term.keyboard.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

// What is asked for at a terminal is a secret, or not, as it should be; the screen never shows one.
func TestSecretsAreAskedForWithoutEcho(t *testing.T) {
	server := newFakeServer(t)
	server.Start()
	term := newTerminal(t)
	secret := policy.NewClientSecret([32]byte{2}).Reveal()
	ended := make(chan error, 1)
	profile := t.TempDir() + "/profile.json"
	go func() {
		args := []string{"login", "--url", server.URL, "--profile", profile}
		ended <- mintkey.Run(t.Context(), args, nil, term.tty, term.tty, term.tty)
	}()
	term.awaits("Client ID: ", true)
	term.types("mk_1\n")
	term.awaits("Client secret: ", false)
	term.types(secret + "\n")
	if err := <-ended; err != nil {
		t.Fatalf("%v: %s", err, term.shows())
	}
	if !term.echoes() {
		t.Error("the terminal is left without echo")
	}
	if screen := term.shows(); strings.Contains(screen, "mks_") || !strings.Contains(screen, "mk_1") {
		t.Errorf("the screen shows %q", screen)
	}
	if text, err := os.ReadFile(profile); err != nil || !strings.Contains(string(text), secret) {
		t.Errorf("the profile is %q: %v", text, err)
	}
}

// A question that is interrupted leaves the terminal as it was.
func TestInterruptedQuestionLeavesTheEcho(t *testing.T) {
	term := newTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		args := []string{"token", "--url", "http://127.0.0.1:1", "--client-id", "mk_1", "--client-secret-file", "-"}
		ended <- mintkey.Run(ctx, args, nil, term.tty, term.tty, term.tty)
	}()
	term.awaits("Client secret: ", false)
	cancel()
	if err := <-ended; mintkey.ExitCode(err) != 1 {
		t.Errorf("it ends with %v", err)
	}
	if !term.echoes() {
		t.Error("the terminal is left without echo")
	}
	term.types("\n") // ends the goroutine that still reads
}

// Passwords are typed twice.
func TestPasswordsAreAskedForTwice(t *testing.T) {
	server := newFakeServer(t)
	server.Start()
	environ := []string{
		"MINTKEY_URL=" + server.URL, "MINTKEY_CLIENT_ID=mk_1", "MINTKEY_CLIENT_SECRET=" + policy.NewClientSecret([32]byte{1}).Reveal(),
	}
	for again, code := range map[string]int{"correct horse": 0, "correct hose": 2} {
		term := newTerminal(t)
		ended := make(chan error, 1)
		go func() {
			args := []string{"users", "create", "--email", "ada@example.com", "--password", "-"}
			ended <- mintkey.Run(t.Context(), args, environ, term.tty, term.tty, term.tty)
		}()
		term.awaits("Password: ", false)
		term.types("correct horse\n")
		term.awaits("Again: ", false)
		term.types(again + "\n")
		if err := <-ended; mintkey.ExitCode(err) != code {
			t.Errorf("%q: %v", again, err)
		}
		if strings.Contains(term.shows(), "horse") {
			t.Errorf("the screen shows %q", term.shows())
		}
	}
}
